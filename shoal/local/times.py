"""Converts times and durations between integers of microseconds (UTC), as the service keeps them, and Batch's text."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from functools import lru_cache

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

UNLIMITED = "P10675199DT2H48M5.4775807S"
"""The value of a `maxWallClockTime` that nobody set: .NET's TimeSpan.MaxValue."""
LONGEST = 10675199 * DAY + 2 * HOUR + 48 * MINUTE + 5 * SECOND
"""A duration from here on is that value: clients that read it and send it again lose some of its last digits."""

TICKS_PER_MICROSECOND = 10
TICKS_TO_1970 = 621_355_968_000_000_000
"""Ticks of 100 ns between the year 1 and 1970, .NET's DateTime and Unix's."""


def microseconds(duration: timedelta) -> int:
    return duration // timedelta(microseconds=1)


def of_seconds(seconds: float) -> int:
    """Return a duration in microseconds."""
    return round(seconds * SECOND)


def now() -> int:
    return time.time_ns() // 1000


def iso(moment: int) -> str:
    """`2026-01-31T12:00:00.25Z`: as many fraction digits as are needed."""
    seconds, micros = divmod(moment, SECOND)
    if not micros:
        return f"{_iso_second(seconds)}Z"
    return f"{_iso_second(seconds)}.{micros:06}".rstrip("0") + "Z"


@lru_cache(maxsize=4096)
def _iso_second(seconds: int) -> str:
    """Kept, because the entities of a page share most of their seconds."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


def http_date(moment: int) -> str:
    return formatdate(moment / SECOND, usegmt=True)


def etag(moment: int) -> str:
    """The unquoted ETag of an entity last modified then: `0x` and .NET ticks in hexadecimal."""
    return f"0x{moment * TICKS_PER_MICROSECOND + TICKS_TO_1970:X}"


def moment_of(text: str) -> int:
    """Read W3C-DTF or RFC 1123. Raises ValueError."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        # RFC 1123 is the form of HTTP's headers, such as If-Modified-Since.
        parsed = datetime.strptime(text, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
    # Batch's times are UTC; a naive `timestamp` would be read as local time.
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=UTC)
    return round(parsed.timestamp() * SECOND)


def duration(text: str) -> int:
    """Return the microseconds of an ISO 8601 duration. Raises ValueError."""
    from shoal.autoscale.durations import wire_microseconds  # its package takes as long as the rest of `--help`

    total = wire_microseconds(text)
    if total >= LONGEST + SECOND:
        raise ValueError(f"{text} is longer than {UNLIMITED}, which is the longest")
    return min(total, LONGEST)


def iso_duration(micros: int) -> str:
    """The .NET form that Batch answers with: `P1DT2H`, `PT15M`, `PT0S`."""
    if micros >= LONGEST:
        return UNLIMITED
    days, rest = divmod(micros, DAY)
    hours, rest = divmod(rest, HOUR)
    minutes, rest = divmod(rest, MINUTE)
    seconds, fraction = divmod(rest, SECOND)
    second_text = f"{seconds}.{fraction:06}".rstrip("0").rstrip(".") if fraction else str(seconds)
    clock = "".join(
        f"{value}{unit}" for value, unit in ((hours, "H"), (minutes, "M"), (second_text, "S")) if value not in (0, "0")
    )
    if not days and not clock:
        return "PT0S"
    return "P" + (f"{days}D" if days else "") + (f"T{clock}" if clock else "")
