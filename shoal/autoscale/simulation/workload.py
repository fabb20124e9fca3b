"""The tasks that arrive at a pool: arrival, slots and duration. Times are whole seconds from the beginning."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field

from shoal.autoscale.simulation.distributions import Constant, Drawn, Seconds, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """Tasks as three columns of equal length, sorted by arrival."""

    arrivals: Sequence[int]
    slots: Sequence[int]
    durations: Sequence[int]
    """At least one second each: Batch itself does not start tasks faster."""

    def __len__(self) -> int:
        return len(self.arrivals)

    @property
    def slot_seconds(self) -> int:
        return sum(slots * seconds for slots, seconds in zip(self.slots, self.durations, strict=True))


ONE = Constant(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskGroup:
    """Tasks that arrive all at once, or spread evenly or at random over a time. Times are in seconds."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    count: Annotated[int, Field(ge=0, le=10_000_000)]
    duration: Drawn
    slots: Drawn = ONE
    at: Seconds = 0
    """Second from which the tasks arrive."""
    over: Seconds = 0
    """Time over which the tasks arrive; 0 is all at once."""
    at_random: bool = False
    """True where tasks arrive at random moments rather than evenly."""


def workload(groups: Iterable[TaskGroup], *, seed: int) -> Workload:
    """Draw the tasks of all groups. The same seed gives the same tasks."""
    random = Random(seed)
    tasks = [task for group in groups for task in _tasks(group, random)]
    tasks.sort(key=lambda task: task[0])  # stable: tasks of one second stay in the order of their groups
    return _columns(tasks)


def replayed(tasks: Iterable[tuple[float, int, float]]) -> Workload:
    """Return the workload of tasks that have run: (seconds from the job's begin to creation, slots, seconds run)."""
    rows = sorted((max(0, round(created)), slots, max(1, round(seconds))) for created, slots, seconds in tasks)
    return _columns(rows)


def _columns(rows: Sequence[tuple[int, int, int]]) -> Workload:
    return Workload(
        arrivals=[row[0] for row in rows], slots=[row[1] for row in rows], durations=[row[2] for row in rows]
    )


def _tasks(group: TaskGroup, random: Random) -> Iterable[tuple[int, int, int]]:
    for index in range(group.count):
        share = random.random() if group.at_random else index / group.count
        slots = max(1, whole(group.slots.sample(random)))
        yield group.at + int(share * group.over), slots, max(1, whole(group.duration.sample(random)))
