"""The nodes of a simulated pool, the tasks on them, and the effect of each event."""

from random import Random

from shoal.autoscale.simulation.agenda import Agenda
from shoal.autoscale.simulation.census import Census
from shoal.autoscale.simulation.distributions import whole
from shoal.autoscale.simulation.pool_model import PoolModel
from shoal.autoscale.simulation.queueing import TaskQueue
from shoal.autoscale.simulation.resizing import IDLE, PREEMPTED, STARTING, leaving, resize
from shoal.autoscale.simulation.simulated_node import OpenNodes, Purchase, SimulatedNode, State
from shoal.autoscale.simulation.tallies import Tallies
from shoal.autoscale.simulation.workload import Workload
from shoal.autoscale.variables import Deallocation

HOUR = 3600
LEAVING_TAKES = 5
"""Seconds from the decision to remove an idle node to the end of its bill."""


class Fleet:
    def __init__(self, model: PoolModel, work: Workload, agenda: Agenda, random: Random) -> None:
        self.census = Census()
        self.queue = TaskQueue(work.slots)
        self.tallies = Tallies(tasks=len(work))
        self.nodes: dict[Purchase, dict[SimulatedNode, None]] = {kind: {} for kind in Purchase}
        """All nodes that are not gone, oldest first: a dict serves as an ordered set."""
        self._open = OpenNodes(model.task_slots_per_node, model.fill)
        self._model = model
        self._work = work
        self._agenda = agenda
        self._random = random
        self._ends: dict[int, list[tuple[SimulatedNode, int]]] = {}
        self._started = [-1] * len(work)
        """Second of each task's latest start; -1 before the first."""
        self._numbers = 0
        for kind, count in ((Purchase.DEDICATED, model.dedicated_nodes), (Purchase.SPOT, model.spot_nodes)):
            for _ in range(count):
                self._place_idle(kind)

    def current(self, kind: Purchase) -> int:
        return len(self.nodes[kind])

    def arrive(self, tasks: range) -> None:
        self.queue.add(tasks)

    def end_tasks(self, now: int) -> None:
        """End the tasks that are due, and fill the freed slots with waiting ones."""
        touched: dict[SimulatedNode, None] = {}
        slots = self._work.slots
        freed = done = 0
        for node, task in self._ends.pop(now, ()):
            if task not in node.running or self._started[task] + self._work.durations[task] != now:
                continue  # it lost its node in the meantime
            node.running.discard(task)
            if node not in touched:
                self._open.remove(node)
                touched[node] = None
            node.free += slots[task]
            freed += slots[task]
            done += 1
        self.census.busy_slots -= freed
        self.tallies.completed += done
        if done:
            self.tallies.last_end = now
        for node in touched:
            self._settle(node, now)

    def place_tasks(self, now: int) -> None:
        """Start waiting tasks wherever they fit."""
        queue, nodes, slots = self.queue, self._open, self._work.slots
        while queue.count:
            task = queue.take(nodes.most_free())
            if task is None:
                return
            node = nodes.take(slots[task])
            if not node.running:
                self.census.busy += 1
            self._start(task, node, now)
            nodes.add(node)

    def scale(self, kind: Purchase, target: int, option: Deallocation, now: int) -> None:
        """Bring the nodes of a kind to the target, as far as quota and capacity allow."""
        staying = [node for node in self.nodes[kind] if node.state is not State.LEAVING]
        draining = [node for node in self.nodes[kind] if node.state is State.LEAVING and node.running]
        decision = resize(
            target=target,
            staying=len(staying),
            obtainable=self._obtainable(kind, len(staying), now),
            draining=len(draining),
        )
        for node in draining[: decision.keep]:
            self._call_back(node)
        for _ in range(decision.add):
            self._add(kind, now)
        if decision.remove:
            for node in leaving(((node, _busyness(node)) for node in staying), decision.remove):
                self._let_go(node, option, now)

    def _obtainable(self, kind: Purchase, staying: int, now: int) -> int | None:
        """Return how many nodes the limits allow beside those that are still leaving; None is no limit."""
        limit = self._model.spot_limit(now) if kind is Purchase.SPOT else self._model.dedicated_limit(now)
        return None if limit is None else limit - (len(self.nodes[kind]) - staying)

    def shrink_spot(self, capacity: int, now: int) -> None:
        """Evict the Spot nodes beyond the capacity of the region, the youngest first."""
        held = [node for node in self.nodes[Purchase.SPOT] if node.state is not State.PREEMPTED]
        for node in held[capacity:]:
            self._evict(node, now)

    def _add(self, kind: Purchase, now: int) -> None:
        self._numbers += 1
        node = SimulatedNode(self._numbers, kind, self._model.task_slots_per_node)
        self.nodes[kind][node] = None
        self.census.enter(kind, State.STARTING)
        self._boot(node, now)

    def _place_idle(self, kind: Purchase) -> None:
        """Add a node that has started before the simulation begins."""
        self._numbers += 1
        node = SimulatedNode(self._numbers, kind, self._model.task_slots_per_node)
        node.state = State.USABLE
        self.nodes[kind][node] = None
        self.census.enter(kind, State.USABLE)
        self._open.add(node)
        self._plan_eviction(node, 0)

    def _boot(self, node: SimulatedNode, now: int) -> None:
        wait = self._model.boot.sample(self._random) + self._model.start_task.sample(self._random)
        epoch = node.epoch
        self._agenda.plan(now + whole(wait), lambda then: self._started_up(node, epoch, then))

    def _started_up(self, node: SimulatedNode, epoch: int, now: int) -> None:
        if node.epoch != epoch or node.state is not State.STARTING:
            return
        self._become(node, State.USABLE)
        self._plan_eviction(node, now)
        self._take_more(node, now)
        if node.running:
            self.census.busy += 1

    def _plan_eviction(self, node: SimulatedNode, now: int) -> None:
        rate = self._model.evictions_per_node_hour / HOUR  # a tiny rate may underflow to zero
        if node.kind is Purchase.SPOT and rate > 0:
            epoch = node.epoch
            after = max(1, whole(self._random.expovariate(rate)))
            self._agenda.plan(now + after, lambda then: self._evict(node, then) if node.epoch == epoch else None)

    def _evict(self, node: SimulatedNode, now: int) -> None:
        if node.state is State.GONE:
            return
        self.tallies.evictions += 1
        self.tallies.evicted += self._put_back_tasks(node, now)
        self._open.remove(node)  # before `free` changes, by which it is found
        node.epoch += 1  # makes planned boots, evictions and ends void
        node.free = self._model.task_slots_per_node
        node.last_end = None
        if node.state is State.LEAVING:
            self._gone(node)
            return
        self._become(node, State.PREEMPTED)
        self._plan_restore(node, now)

    def _plan_restore(self, node: SimulatedNode, now: int) -> None:
        wait = max(1, whole(self._model.restore.sample(self._random)))
        epoch = node.epoch
        self._agenda.plan(now + wait, lambda then: self._restore(node, epoch, then))

    def _restore(self, node: SimulatedNode, epoch: int, now: int) -> None:
        if node.epoch != epoch or node.state is not State.PREEMPTED:
            return
        limit = self._model.spot_limit(now)
        if limit is not None and self.census.spot >= limit:
            self._plan_restore(node, now)
            return
        self._become(node, State.STARTING)
        self._boot(node, now)

    def _let_go(self, node: SimulatedNode, option: Deallocation, now: int) -> None:
        """Begin to remove a node; the option decides what happens to its tasks."""
        was_usable = node.state is State.USABLE
        if node.state is State.PREEMPTED:
            self._gone(node)
            return
        self._open.remove(node)
        self._become(node, State.LEAVING)
        match option:
            case Deallocation.REQUEUE:
                self.tallies.killed += self._put_back_tasks(node, now)
            case Deallocation.TERMINATE:
                self._lose_tasks(node, now)
            case Deallocation.RETAINED_DATA if was_usable:
                node.retention = self._model.retention
        if not node.running:
            self._plan_end(node, now)

    def _call_back(self, node: SimulatedNode) -> None:
        """Let a node that waits for its last tasks stay, and take others."""
        node.retention = 0
        self._become(node, State.USABLE)
        self._open.add(node)

    def _plan_end(self, node: SimulatedNode, now: int) -> None:
        kept_until = now if node.last_end is None else node.last_end + node.retention
        epoch = node.epoch
        end = max(now, kept_until) + LEAVING_TAKES
        self._agenda.plan(end, lambda then: self._gone(node) if node.epoch == epoch else None)

    def _gone(self, node: SimulatedNode) -> None:
        self.census.leave(node.kind, node.state)
        node.state = State.GONE
        del self.nodes[node.kind][node]

    def _become(self, node: SimulatedNode, state: State) -> None:
        self.census.leave(node.kind, node.state)
        node.state = state
        self.census.enter(node.kind, state)

    def _put_back_tasks(self, node: SimulatedNode, now: int) -> int:
        """Requeue the running tasks of the node, the earliest in front, and return how many there were."""
        tasks = sorted(node.running, reverse=True)  # each goes to the front, so the earliest comes last
        self._drop_tasks(node, now)
        for task in tasks:
            self.queue.put_back(task)
        return len(tasks)

    def _lose_tasks(self, node: SimulatedNode, now: int) -> None:
        if node.running:
            self.tallies.lost += self._drop_tasks(node, now)
            self.tallies.last_end = now

    def _drop_tasks(self, node: SimulatedNode, now: int) -> int:
        tasks, slots = node.running, self._work.slots
        if tasks:
            self.census.busy -= 1
            self.census.busy_slots -= sum(slots[task] for task in tasks)
            self.tallies.wasted_slot_seconds += sum(slots[task] * (now - self._started[task]) for task in tasks)
        node.running = set()
        return len(tasks)

    def _settle(self, node: SimulatedNode, now: int) -> None:
        """Update the node after tasks have ended: it takes more tasks, falls idle, or leaves."""
        node.last_end = now
        if node.state is State.USABLE:
            self._take_more(node, now)
        if not node.running:
            self.census.busy -= 1
            if node.state is State.LEAVING:
                self._plan_end(node, now)

    def _take_more(self, node: SimulatedNode, now: int) -> None:
        queue = self.queue
        while node.free and queue.count:
            task = queue.take(node.free)
            if task is None:
                break
            self._start(task, node, now)
        self._open.add(node)

    def _start(self, task: int, node: SimulatedNode, now: int) -> None:
        work = self._work
        width = work.slots[task]
        node.free -= width
        node.running.add(task)
        self.census.busy_slots += width
        if self._started[task] < 0:
            self.tallies.waits.append(now - work.arrivals[task])
        self._started[task] = now
        end = now + work.durations[task]
        # Not setdefault: it would make a list for each task, and only the first end of a second must wake the agenda.
        ending = self._ends.get(end)
        if ending is None:
            ending = self._ends[end] = []
            self._agenda.wake(end)
        ending.append((node, task))


def _busyness(node: SimulatedNode) -> int:
    match node.state:
        case State.PREEMPTED:
            return PREEMPTED
        case State.STARTING:
            return STARTING
        case _:
            return len(node.running) or IDLE
