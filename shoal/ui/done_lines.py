"""The tasks of a job that have ended over time, beside those that its forecast expected. Pure."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

MOST = 200
"""Moments of a line, about: as many as the chart can show."""

Moments = Sequence[tuple[datetime, int]]
"""Moments in order, and the tasks that have ended by then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoneLines:
    """Values at common times. Each holds until the next one."""

    times: Sequence[float]
    """Milliseconds since 1970."""
    done: Sequence[int]
    """Shorter than the times where the forecast goes on after the last moment that is known."""
    expected: Sequence[int]
    """Empty without a forecast."""


def done_lines(began: datetime, done: Moments, course: Sequence[tuple[float, int]]) -> DoneLines:
    """Return the lines of a job that began then; `course` is that of its forecast, in seconds since its beginning."""
    known = [(began, 0), *((at, number) for at, number in thinned(done) if at > began)]
    expected = [(began + timedelta(seconds=seconds), number) for seconds, number in course]
    times = sorted({at for at, _ in (*known, *expected)})
    last = known[-1][0]
    return DoneLines(
        times=[at.timestamp() * 1000 for at in times],
        done=_held(known, [at for at in times if at <= last]),
        expected=_held(expected, times) if expected else [],
    )


def thinned(moments: Moments) -> Moments:
    """Return some of the moments, the last one among them."""
    step = -(-len(moments) // MOST) or 1
    return moments[::-1][::step][::-1]


def moments_of_ends(ends: Sequence[datetime]) -> Moments:
    return thinned([(at, number) for number, at in enumerate(sorted(ends), 1)])


def _held(moments: Moments, times: Sequence[datetime]) -> list[int]:
    """Return the value at each time: that of the latest moment, or 0 before the first."""
    begins = [at for at, _ in moments]
    places = [bisect_right(begins, at) for at in times]
    return [moments[place - 1][1] if place else 0 for place in places]
