"""Decides when a schedule's jobs are due. Pure: all times are microseconds, and `now` is an argument.

Source: REST reference, JobScheduleConfiguration. An occurrence whose job could not be created within its window is
lost, and none is carried forward into the next interval.
"""

from dataclasses import dataclass
from typing import Any, Self

from shoal.local import times


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    not_until: int | None = None
    not_after: int | None = None
    window: int = times.LONGEST
    """The time from each occurrence within which its job may be created."""
    interval: int | None = None
    """None for a single job."""

    @classmethod
    def of(cls, schedule: dict[str, Any]) -> Self:
        """Return the recurrence of a `schedule` in its wire form."""
        until, after = schedule.get("doNotRunUntil"), schedule.get("doNotRunAfter")
        interval = schedule.get("recurrenceInterval")
        return cls(
            not_until=None if until is None else times.moment_of(until),
            not_after=None if after is None else times.moment_of(after),
            window=times.duration(schedule.get("startWindow", times.UNLIMITED)),
            interval=None if interval is None else times.duration(interval),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The next steps of an active schedule."""

    run: int | None = None
    """The occurrence whose job is to be created now."""
    next_run: int | None = None
    ends: bool = False
    """No job will be created any more, and none is left."""


def first_run(recurrence: Recurrence, *, last_run: int | None, now: int) -> int | None:
    """Return when the next job of a new or changed schedule is due; None where there is none to come."""
    earliest = max(now, recurrence.not_until or now)
    if last_run is None:
        return earliest
    return None if recurrence.interval is None else max(last_run + recurrence.interval, recurrence.not_until or 0)


def decide(recurrence: Recurrence, *, next_run: int | None, now: int, busy: bool) -> Decision:
    """Return what becomes of a schedule; `busy` where its latest job has not ended yet."""
    past = recurrence.not_after is not None and now > recurrence.not_after
    if past or next_run is None:
        return Decision(next_run=None, ends=not busy)
    if now < next_run:
        return Decision(next_run=next_run)
    due, later = _occurrence(recurrence, next_run, now)
    if now >= due + recurrence.window:
        return Decision(next_run=later, ends=later is None and not busy)
    if busy:
        # Still due: it is created when the other job ends, if that happens in time.
        return Decision(next_run=due)
    return Decision(run=due, next_run=later)


def _occurrence(recurrence: Recurrence, next_run: int, now: int) -> tuple[int, int | None]:
    """Return the latest occurrence that is due, and the one after it."""
    if recurrence.interval is None:
        return next_run, None
    due = next_run + (now - next_run) // recurrence.interval * recurrence.interval
    return due, due + recurrence.interval
