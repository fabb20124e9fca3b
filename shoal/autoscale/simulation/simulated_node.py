"""Nodes, and an index of those that can take a task."""

from enum import Enum

from shoal.autoscale.simulation.pool_model import Fill


class Purchase(Enum):
    DEDICATED = "dedicated"
    SPOT = "spot"


class State(Enum):
    """Source: REST reference, state of a compute node; `creating`, `starting` and the start task are one here."""

    STARTING = "starting"
    USABLE = "usable"
    """Idle or running in Batch's words."""
    LEAVING = "leavingpool"
    PREEMPTED = "preempted"
    GONE = "gone"


class SimulatedNode:
    __slots__ = ("epoch", "free", "kind", "last_end", "number", "retention", "running", "state")

    def __init__(self, number: int, kind: Purchase, slots: int) -> None:
        self.number = number
        self.kind = kind
        self.state = State.STARTING
        self.free = slots
        self.running: set[int] = set()
        self.epoch = 0
        """Number of evictions so far: actions that were planned in an earlier epoch are void."""
        self.last_end: int | None = None
        """Second at which a task last ended on the node."""
        self.retention = 0
        """Seconds that a leaving node must stay after `last_end`."""


class OpenNodes:
    """Usable nodes with free slots, grouped by the number of free slots."""

    def __init__(self, slots_per_node: int, fill: Fill) -> None:
        # Dicts as sets, because their order is the same in every run. Nodes are looked up by `free`, so a node leaves
        # before its `free` changes.
        self._by_free: list[dict[SimulatedNode, None]] = [{} for _ in range(slots_per_node + 1)]
        self._tightest_first = fill is Fill.PACK
        self._slots_per_node = slots_per_node

    def add(self, node: SimulatedNode) -> None:
        if node.free:
            self._by_free[node.free][node] = None

    def remove(self, node: SimulatedNode) -> None:
        self._by_free[node.free].pop(node, None)

    def most_free(self) -> int:
        """Return the slots of the widest task that fits on some node; 0 where none does."""
        for free in range(self._slots_per_node, 0, -1):
            if self._by_free[free]:
                return free
        return 0

    def take(self, slots: int) -> SimulatedNode:
        """Remove and return a node with at least `slots` free slots. Raises LookupError where there is none."""
        order = range(slots, self._slots_per_node + 1)
        for free in order if self._tightest_first else reversed(order):
            if self._by_free[free]:
                return self._by_free[free].popitem()[0]
        raise LookupError(slots)

    def drop_idle(self) -> int:
        """Forget the nodes without any task, and return how many there were."""
        idle = self._by_free[self._slots_per_node]
        count = len(idle)
        idle.clear()
        return count
