"""Durations as Batch Shipyard writes them: `[d.]HH:MM:SS`."""

import re

from shoal.errors import BadInput

FORM = re.compile(r"(?:(\d+)\.)?(\d+):(\d{1,2}):(\d{1,2})(?:\.\d+)?")


def short_duration(text: str, key: str) -> str:
    """Return `1d12h`, `90s` and the like. Raises BadInput."""
    match = FORM.fullmatch(text.strip())
    if match is None:
        raise BadInput(f"{key} must be a duration such as 02:00:00 or 1.12:00:00; it is '{text}'")
    parts = [
        f"{int(number)}{unit}" for number, unit in zip(match.groups(default="0"), "dhms", strict=True) if int(number)
    ]
    return "".join(parts) or "0s"
