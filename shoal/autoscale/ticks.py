"""Moments and durations as whole numbers of 100 ns, the finest unit of the language.

As in .NET, a timestamp counts from 0001-01-01T00:00:00Z, a Monday; so hours and weekdays are plain divisions.
"""

import re
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime

TICK = 1
MICROSECOND = 10 * TICK
MILLISECOND = 1000 * MICROSECOND
SECOND = 1000 * MILLISECOND
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY
YEAR = 365 * DAY
# Source: REST reference as recorded: the service normalises a year of a duration to 365 days.

MAX_INTERVAL = 2**63 - 1
MAX_TIMESTAMP = 3_652_059 * DAY - 1
"""The last tick of the year 9999."""

_ORIGIN = datetime(1, 1, 1, tzinfo=UTC)


def from_datetime(moment: datetime) -> int:
    """Return the ticks of an aware datetime."""
    return from_timedelta(moment - _ORIGIN)


def to_datetime(ticks: int) -> datetime:
    return _ORIGIN + timedelta(microseconds=ticks // MICROSECOND)


def from_timedelta(duration: timedelta) -> int:
    # Whole numbers throughout: total_seconds() is a double, which loses the microseconds of present-day dates.
    return (duration // timedelta(microseconds=1)) * MICROSECOND


def member(ticks: int, name: str) -> float:
    """Return `year`, `month`, `day`, `weekday` (Sunday is 0), `hour`, `minute` or `second` of a timestamp, in UTC."""
    match name:
        case "hour":
            return float(ticks // HOUR % 24)
        case "minute":
            return float(ticks // MINUTE % 60)
        case "second":
            return float(ticks // SECOND % 60)
        case "weekday":
            return float((ticks // DAY + 1) % 7)  # day 0 is a Monday, which is 1
        case _:
            return float(getattr(date.fromordinal(ticks // DAY + 1), name))  # Python counts the same days from 1


def timestamp_text(ticks: int) -> str:
    """Format a timestamp as Batch prints it: UTC with milliseconds."""
    return to_datetime(ticks).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def interval_text(ticks: int) -> str:
    """Format an interval in ISO 8601, like every duration of Batch's interface: PT5M, P1DT12H, -PT30S."""
    if ticks < 0:
        return f"-{interval_text(-ticks)}"
    days, rest = divmod(ticks, DAY)
    hours, rest = divmod(rest, HOUR)
    minutes, rest = divmod(rest, MINUTE)
    # The point keeps the zeros of whole seconds from being stripped: 10.0000000 becomes 10.
    seconds = f"{rest // SECOND}.{rest % SECOND:07d}".rstrip("0").rstrip(".")
    parts = ((f"{hours}", "H"), (f"{minutes}", "M"), (seconds, "S"))
    clock = "".join(f"{amount}{unit}" for amount, unit in parts if amount != "0")
    if not days:
        return f"PT{clock or '0S'}"
    return f"P{days}DT{clock}" if clock else f"P{days}D"


_W3C = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,7}))?)?(Z|[+-]\d\d:\d\d))?)?)?", re.ASCII
)
_RFC_1123 = re.compile(r"(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT", re.ASCII)


def parse_timestamp(text: str) -> int:
    """Read W3C-DTF or RFC 1123. Raises ValueError, also for more than seven decimals of a second, as Batch does."""
    if _RFC_1123.fullmatch(text):
        return from_datetime(parsedate_to_datetime(text).astimezone(UTC))
    match = _W3C.fullmatch(text)
    if match is None:
        raise ValueError(text)
    *parts, fraction, zone = match.groups(default="")
    numbers = (int(part or default) for part, default in zip(parts, (1, 1, 1, 0, 0, 0), strict=True))
    year, month, day, hour, minute, second = numbers
    moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    ticks = from_datetime(moment) + int((fraction or "0").ljust(7, "0")) - _offset(zone)
    if not 0 <= ticks <= MAX_TIMESTAMP:
        raise ValueError(text)
    return ticks


def _offset(zone: str) -> int:
    if zone in {"", "Z"}:
        return 0
    size = int(zone[1:3]) * HOUR + int(zone[4:6]) * MINUTE
    return size if zone[0] == "+" else -size
