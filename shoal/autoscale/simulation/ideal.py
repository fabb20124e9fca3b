"""The node time that the same tasks need, in the same order, on ideal nodes.

An ideal node boots at once and leaves the moment it is idle.
"""

from shoal.autoscale.simulation.agenda import Agenda
from shoal.autoscale.simulation.pool_model import Fill
from shoal.autoscale.simulation.queueing import TaskQueue
from shoal.autoscale.simulation.simulated_node import OpenNodes, Purchase, SimulatedNode
from shoal.autoscale.simulation.workload import Workload


def ideal_node_seconds(work: Workload, *, slots_per_node: int, max_nodes: int) -> int:
    """Return the node-seconds on ideal nodes, at most `max_nodes` (at least 1) at a time."""
    return _Ideal(work, slots_per_node, max_nodes).run()


class _Ideal:
    def __init__(self, work: Workload, slots_per_node: int, max_nodes: int) -> None:
        self._work = work
        self._slots_per_node = slots_per_node
        self._max_nodes = max_nodes
        self._agenda = Agenda()
        self._queue = TaskQueue(work.slots)
        self._open = OpenNodes(slots_per_node, Fill.PACK)
        self._ends: dict[int, list[tuple[SimulatedNode, int]]] = {}
        self._nodes = 0

    def run(self) -> int:
        for second in set(self._work.arrivals):
            self._agenda.wake(second)
        arrived = total = before = 0
        while due := self._agenda.advance():
            now = due[0]
            total += self._nodes * (now - before)
            before = now
            # Tasks that end in this second make room for those that arrive in it.
            self._end_tasks(now)
            first = arrived
            while arrived < len(self._work) and self._work.arrivals[arrived] <= now:
                arrived += 1
            self._queue.add(range(first, arrived))
            self._place_tasks(now)
            self._close_idle()  # last: an idle node may still get a task of this second
        return total

    def _end_tasks(self, now: int) -> None:
        for node, task in self._ends.pop(now, ()):
            self._open.remove(node)
            node.free += self._work.slots[task]
            self._open.add(node)

    def _place_tasks(self, now: int) -> None:
        while self._queue.count:
            # While nodes can be added, any task fits.
            widest = self._slots_per_node if self._nodes < self._max_nodes else self._open.most_free()
            task = self._queue.take(widest)
            if task is None:
                return
            width = self._work.slots[task]
            node = self._open.take(width) if self._open.most_free() >= width else self._new_node()
            node.free -= width
            self._open.add(node)
            end = now + self._work.durations[task]
            self._ends.setdefault(end, []).append((node, task))
            self._agenda.wake(end)

    def _new_node(self) -> SimulatedNode:
        self._nodes += 1
        return SimulatedNode(self._nodes, Purchase.SPOT, self._slots_per_node)

    def _close_idle(self) -> None:
        self._nodes -= self._open.drop_idle()
