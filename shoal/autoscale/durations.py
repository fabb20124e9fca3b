"""The reader of durations: ISO 8601 as in Batch's interface (`PT10M`, `P1DT2H`), or short (`10m`, `1h30m`, `2d`).

Every file, option and request of the project is read here.
"""

import re
from datetime import timedelta

from shoal.autoscale.errors import InputFault

EXAMPLES = ("PT10M", "10m", "1h30m", "90s")
FORMS = f"{', '.join(EXAMPLES[:-1])} or {EXAMPLES[-1]}"
"""Both forms, for a message."""

_SECOND = 1_000_000
_DAY = 86_400 * _SECOND
_UNITS = {
    "years": 365 * _DAY,
    "months": 30 * _DAY,
    "weeks": 7 * _DAY,
    "days": _DAY,
    "hours": 3600 * _SECOND,
    "minutes": 60 * _SECOND,
    "seconds": _SECOND,
}
"""Microseconds. A year has 365 days and a month 30, as in Batch."""


def _iso(number: str) -> str:
    # The lookaheads refuse a `P` or `T` that nothing follows.
    date = rf"(?:(?P<years>{number})Y)?(?:(?P<months>{number})M)?(?:(?P<weeks>{number})W)?(?:(?P<days>{number})D)?"
    time = rf"(?:(?P<hours>{number})H)?(?:(?P<minutes>{number})M)?(?:(?P<seconds>\d{{1,12}}(?:\.\d+)?)S)?"
    return rf"P(?=.){date}(?:T(?=.){time})?"


_NUMBER = r"\d{1,12}(?:\.\d+)?"
_ISO = re.compile(_iso(_NUMBER), re.ASCII | re.IGNORECASE)
_WIRE = re.compile(_iso(r"\d{1,12}"), re.ASCII)
_SHORT = re.compile(
    rf"(?=.)(?:(?P<days>{_NUMBER})d)?(?:(?P<hours>{_NUMBER})h)?"
    rf"(?:(?P<minutes>{_NUMBER})m(?:in)?)?(?:(?P<seconds>{_NUMBER})s)?",
    re.ASCII | re.IGNORECASE,
)


def parse_duration(text: str) -> timedelta:
    """Read either form. Raises InputFault where the text is no duration."""
    compact = text.replace(" ", "")
    match = _ISO.fullmatch(compact) or _SHORT.fullmatch(compact)
    if match is None:
        raise InputFault(f"{text!r} is not a duration; write {FORMS}")
    try:
        return timedelta(microseconds=_microseconds(match))
    except OverflowError as exc:
        raise InputFault(f"{text!r} is too long a duration; write {FORMS}") from exc


def wire_microseconds(text: str) -> int:
    """Read the ISO form as strictly as Batch does: upper case, and only seconds have fractions. Raises InputFault."""
    match = _WIRE.fullmatch(text)
    if match is None:
        raise InputFault(f"{text!r} is not an ISO 8601 duration such as PT1H30M")
    return _microseconds(match)


def _microseconds(match: re.Match[str]) -> int:
    return sum(round(float(number) * _UNITS[unit]) for unit, number in match.groupdict().items() if number)
