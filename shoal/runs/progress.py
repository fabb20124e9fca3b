"""Progress of a job: counts at a time, the rate between two of them, the time that is left."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from azure.batch.models import BatchTaskCounts

WINDOW = timedelta(seconds=30)
LARGE = 50_000
"""Tasks from which a job is asked about at most once in five seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    active: int = 0
    running: int = 0
    succeeded: int = 0
    failed: int = 0

    @classmethod
    def of(cls, counts: "BatchTaskCounts") -> Self:
        """Return the counts of a job's tasks as Batch gives them."""
        return cls(active=counts.active, running=counts.running, succeeded=counts.succeeded, failed=counts.failed)

    @property
    def completed(self) -> int:
        return self.succeeded + self.failed

    @property
    def total(self) -> int:
        return self.active + self.running + self.completed


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    at: float
    """Seconds of a clock that only goes forward."""
    counts: Counts
    job_state: str | None


def rate(history: Sequence[Snapshot]) -> float:
    """Return the tasks completed a second over the last WINDOW."""
    if not history:
        return 0.0
    last = history[-1]
    first = next(snapshot for snapshot in history if last.at - snapshot.at <= WINDOW.total_seconds())
    passed = last.at - first.at
    return (last.counts.completed - first.counts.completed) / passed if passed > 0 else 0.0


def time_left(history: Sequence[Snapshot]) -> timedelta | None:
    """Return None while no task completes."""
    if not (speed := rate(history)):
        return None
    counts = history[-1].counts
    return timedelta(seconds=round((counts.total - counts.completed) / speed))


def line(history: Sequence[Snapshot]) -> str:
    """`120 of 301 done, 8 running, 2 failed, 14.2/s, 0:00:13 left`."""
    counts = history[-1].counts
    parts = [f"{counts.completed} of {counts.total} done", f"{counts.running} running", f"{counts.failed} failed"]
    if speed := rate(history):
        parts.append(f"{speed:.1f}/s")
    if counts.completed < counts.total and (left := time_left(history)):
        parts.append(f"{left} left")
    return ", ".join(parts)
