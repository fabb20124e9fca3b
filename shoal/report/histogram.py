"""Histograms of times: a few bars of equal width, with all that is very long in the last one. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from math import ceil, floor, log10

from shoal.report.units import shown_duration

BARS = 20
USUAL = 0.99
"""The share of the times that the bars before the last one show."""
SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800)
"""Widths of a bar, below an hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    label: str
    tasks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    bars: list[Bar]
    width: timedelta

    @property
    def tallest(self) -> int:
        return max((bar.tasks for bar in self.bars), default=0)

    @property
    def tasks(self) -> int:
        return sum(bar.tasks for bar in self.bars)


def histogram(times: Iterable[timedelta | None]) -> Histogram:
    # A clock that was set back must not end a report.
    known = sorted(max(0.0, time.total_seconds()) for time in times if time is not None)
    if not known:
        return Histogram(bars=[], width=timedelta())
    usual = known[ceil(USUAL * len(known)) - 1]
    width = _width(usual)
    usual_bars = floor(usual / width) + 1
    counts = Counter(min(floor(second / width), usual_bars) for second in known)
    bars = [_bar(index, width, counts[index]) for index in range(usual_bars)]
    if counts[usual_bars]:
        start = shown_duration(timedelta(seconds=usual_bars * width))
        bars.append(Bar(label=f"{start} or longer", tasks=counts[usual_bars]))
    return Histogram(bars=bars, width=timedelta(seconds=width))


def _width(usual: float) -> float:
    least = usual / (BARS - 1)
    fitting = next((seconds for seconds in SECONDS if seconds >= least), None)
    if fitting is not None:
        return fitting
    hours = least / 3600
    power = 10 ** floor(log10(hours)) if hours > 1 else 1
    return 3600 * next(step * power for step in (1, 2, 5, 10) if step * power >= hours)


def _bar(index: int, width: float, tasks: int) -> Bar:
    start, end = (shown_duration(timedelta(seconds=edge * width)) for edge in (index, index + 1))
    return Bar(label=f"{start} to {end}", tasks=tasks)
