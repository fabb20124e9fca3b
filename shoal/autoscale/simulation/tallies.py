"""What has happened to the tasks so far."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Tallies:
    tasks: int
    completed: int = 0
    lost: int = 0
    """Ended unfinished, because their node left with `terminate`."""
    killed: int = 0
    """Put back to start again, because their node left with `requeue`."""
    evicted: int = 0
    """Put back to start again, because their node was taken away."""
    evictions: int = 0
    wasted_slot_seconds: int = 0
    """Work that was done and lost with a node."""
    last_end: int = 0
    waits: list[int] = field(default_factory=list)
    """Seconds from arrival to the first start, of each started task."""

    @property
    def done(self) -> bool:
        return self.completed + self.lost == self.tasks
