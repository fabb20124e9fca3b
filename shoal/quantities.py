"""Sizes and lengths of time as people read them. Imports nothing of the project, so that every room may use it."""

from datetime import timedelta

_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def duration(length: timedelta) -> str:
    """Return a length of time in its two largest units: `2 h 5 min`."""
    minutes, seconds = divmod(round(length.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s")]
    units = [f"{count} {unit}" for count, unit in parts if count]
    return " ".join(units[:2]) or "0 s"


def size(number: float) -> str:
    """Return a number of bytes for people, in decimal units."""
    for unit in _UNITS:
        if number < 1000 or unit == _UNITS[-1]:
            break
        number /= 1000
    return f"{number:.1f} {unit}" if number < 100 and unit != "bytes" else f"{number:.0f} {unit}"
