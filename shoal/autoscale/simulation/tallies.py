"""Totals of a running simulation: what happened to its tasks."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Tallies:
    tasks: int
    completed: int = 0
    lost: int = 0
    """Tasks that ended unfinished because their node left with `terminate`."""
    killed: int = 0
    """Tasks that were requeued because their node left with `requeue`."""
    evicted: int = 0
    """Tasks that were requeued because their node was pre-empted."""
    evictions: int = 0
    wasted_slot_seconds: int = 0
    """Work that was lost with a node."""
    last_end: int = 0
    waits: list[int] = field(default_factory=list)
    """Seconds from arrival to first start, for each started task."""

    @property
    def done(self) -> bool:
        return self.completed + self.lost == self.tasks
