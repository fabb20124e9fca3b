"""Durations as people write them: `PT10M` like Batch's interface, or `10m`, `1h30m`, `90s`, `2d`."""

import re
from datetime import timedelta

from shoal.autoscale.errors import InputFault

_NUMBER = r"(\d+(?:\.\d+)?)"
_ISO = re.compile(rf"P(?:{_NUMBER}D)?(?:T(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?", re.IGNORECASE)
_SHORT = re.compile(rf"(?:{_NUMBER}d)?(?:{_NUMBER}h)?(?:{_NUMBER}m(?:in)?)?(?:{_NUMBER}s)?", re.IGNORECASE)


def parse_duration(text: str) -> timedelta:
    """Read a duration. Raises InputFault for any other text."""
    compact = text.replace(" ", "")
    match = _ISO.fullmatch(compact) or _SHORT.fullmatch(compact)
    if match is None or not any(match.groups()):
        raise InputFault(f"{text!r} is not a duration; write PT10M, 10m, 1h30m or 90s")
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
