"""Times, amounts and numbers as people read them."""

from datetime import datetime, timedelta

from shoal.quantities import duration


def shown_duration(length: timedelta | None) -> str:
    """Return `340 ms`, `2.5 s`, or longer times in two units: `3 min 20 s`, `1 d 4 h`."""
    if length is None:
        return "–"
    seconds = length.total_seconds()
    if abs(seconds) >= 60:
        return duration(length) if seconds > 0 else f"-{duration(-length)}"
    return f"{seconds * 1000:.0f} ms" if 0 < abs(seconds) < 1 else f"{seconds:.3g} s"


def shown_time(moment: datetime | None) -> str:
    return "–" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def shown_number(number: float) -> str:
    """Return a count with separators, or three significant digits of anything else."""
    if isinstance(number, int):
        return f"{number:,}"
    return f"{number:,.0f}" if number >= 1000 else f"{number:.3g}"


def shown_amount(amount: float) -> str:
    """Return an amount of money as precise as an estimate is."""
    return "less than 0.01" if 0 < amount < 0.01 else f"about {amount:,.2f}"
