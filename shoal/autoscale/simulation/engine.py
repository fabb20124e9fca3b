"""Simulate a pool for hours or days: tasks arrive, nodes come and go, samples are taken, the formula is evaluated."""

from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random

from shoal.autoscale.compilation import Program
from shoal.autoscale.errors import InputFault
from shoal.autoscale.evaluation import PoolSnapshot, evaluate
from shoal.autoscale.samples import PERIOD, SampleHistory
from shoal.autoscale.simulation.agenda import Agenda
from shoal.autoscale.simulation.census import Census
from shoal.autoscale.simulation.fleet import Fleet
from shoal.autoscale.simulation.pool_model import PoolModel
from shoal.autoscale.simulation.simulated_node import Purchase
from shoal.autoscale.simulation.tallies import Tallies
from shoal.autoscale.simulation.workload import Workload
from shoal.autoscale.ticks import SECOND, from_datetime
from shoal.autoscale.variables import SLOTS_PER_NODE, Deallocation

SAMPLE_SECONDS = PERIOD // timedelta(seconds=1)
LONGEST_WAIT = 15 * 86_400
"""Seconds after the last task's arrival for which a pool may be without any node; then none is expected any more.

Two weeks and a day: formulas look at the hour and at the day of the week.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """The pool at one moment."""

    second: int
    active: int
    running: int
    dedicated: int
    spot: int
    """Includes starting and leaving nodes, but not pre-empted ones; so does `dedicated`."""
    starting: int
    busy: int
    preempted: int
    target_dedicated: int
    target_spot: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    model: PoolModel
    tallies: Tallies
    census: Census
    series: tuple[Point, ...]
    """One every 30 s."""
    end: int
    """The second at which the simulation ended."""
    zero: int | None
    """The second at which the last node was gone with all tasks done; None where nodes stayed."""
    evaluations: int
    failed_evaluations: int


def simulate(program: Program, work: Workload, model: PoolModel, *, seed: int = 0) -> Outcome:
    """Run the pool until its tasks are done and its nodes gone. The same seed gives the same outcome."""
    widest = max(work.slots, default=1)
    if widest > model.task_slots_per_node:
        raise InputFault(f"a task with {widest} slots never fits on nodes with {model.task_slots_per_node}")
    return _Simulation(program, work, model, seed).run()


class _Simulation:
    def __init__(self, program: Program, work: Workload, model: PoolModel, seed: int) -> None:
        self._program = program
        self._work = work
        self._model = model
        self._seed = seed
        self._random = Random(seed)
        self._agenda = Agenda()
        self._fleet = Fleet(model, work, self._agenda, self._random)
        self._history = SampleHistory(delay=timedelta(seconds=model.sample_delay))
        self._series: list[Point] = []
        self._arrived = 0
        self._targets = dict.fromkeys(Purchase, 0)
        self._option = Deallocation.REQUEUE
        self._evaluations = 0
        self._failures = 0
        self._begin = from_datetime(model.begin)
        self._end = self._end_without_nodes(0)

    def run(self) -> Outcome:
        self._agenda.plan(0, self._sample)
        self._agenda.plan(0, self._evaluate)
        for step in self._model.spot_capacity:
            self._agenda.plan(step.since, self._change_capacity)
        if self._work.arrivals:
            self._agenda.wake(self._work.arrivals[0])
        now = 0
        while not self._over(now) and (due := self._agenda.advance()):
            now, actions = due
            # The census first: it counts the time until now with the counts that held until now.
            self._fleet.census.advance(now)
            self._fleet.end_tasks(now)
            self._arrive(now)
            self._fleet.place_tasks(now)
            for action in actions:
                action(now)
            if actions:  # which may have changed the nodes
                self._fleet.place_tasks(now)
        return self._outcome(now)

    def _over(self, now: int) -> bool:
        tallies = self._fleet.tallies
        if now >= self._end:
            return True
        # At second 0 the formula has not been evaluated yet: even a pool without tasks gets that far.
        if not (tallies.done and self._arrived == len(self._work)) or now == 0:
            return False
        return not any(self._fleet.nodes.values()) or now >= tallies.last_end + self._model.tail

    def _end_without_nodes(self, now: int) -> int:
        """Return the second at which the simulation ends if no node is seen after this one."""
        last_arrival = self._work.arrivals[-1] if self._work.arrivals else 0
        return min(self._model.limit, max(now, last_arrival) + LONGEST_WAIT)

    def _arrive(self, now: int) -> None:
        arrivals, first = self._work.arrivals, self._arrived
        last = first
        while last < len(arrivals) and arrivals[last] <= now:
            last += 1
        if last > first:
            self._arrived = last
            self._fleet.arrive(range(first, last))
        if last < len(arrivals):
            self._agenda.wake(arrivals[last])

    def _sample(self, now: int) -> None:
        self._agenda.plan(now + SAMPLE_SECONDS, self._sample)
        point = self._point(now)
        self._series.append(point)
        if point.dedicated or point.spot:
            self._end = self._end_without_nodes(now)
        loss, random = self._model.sample_loss, self._random.random
        kept = {name: value for name, value in self._metrics(point).items() if random() >= loss}
        kept[SLOTS_PER_NODE] = self._model.task_slots_per_node  # always the same, so a loss would not show
        self._history.record_ticks(self._begin + now * SECOND, kept)

    def _metrics(self, point: Point) -> dict[str, float]:
        census, tallies = self._fleet.census, self._fleet.tallies
        usable = point.dedicated + point.spot - point.starting
        metrics: dict[str, float] = {
            "$ActiveTasks": point.active,
            "$RunningTasks": point.running,
            "$PendingTasks": point.active + point.running,
            "$SucceededTasks": tallies.completed,
            "$FailedTasks": tallies.lost,
            "$PreemptedNodeCount": point.preempted,
            "$UsableNodeCount": usable,
            "$CurrentDedicatedNodes": point.dedicated,
            "$CurrentLowPriorityNodes": point.spot + point.preempted,
        }
        if usable:  # without a node there is no load to measure
            metrics["$CPUPercent"] = census.busy_slots / (usable * self._model.task_slots_per_node)
        return metrics

    def _point(self, now: int) -> Point:
        census, tallies = self._fleet.census, self._fleet.tallies
        active = self._fleet.queue.count
        return Point(
            second=now,
            active=active,
            running=self._arrived - active - tallies.completed - tallies.lost,
            dedicated=census.dedicated,
            spot=census.spot,
            starting=census.starting,
            busy=census.busy,
            preempted=census.preempted,
            target_dedicated=self._targets[Purchase.DEDICATED],
            target_spot=self._targets[Purchase.SPOT],
        )

    def _evaluate(self, now: int) -> None:
        self._agenda.plan(now + self._model.evaluation_interval, self._evaluate)
        fleet, targets = self._fleet, self._targets
        pool = PoolSnapshot(
            target_dedicated_nodes=targets[Purchase.DEDICATED],
            target_low_priority_nodes=targets[Purchase.SPOT],
            current_dedicated_nodes=fleet.current(Purchase.DEDICATED),
            current_low_priority_nodes=fleet.current(Purchase.SPOT),
            task_slots_per_node=self._model.task_slots_per_node,
        )
        moment = self._model.begin + timedelta(seconds=now)
        evaluation = evaluate(self._program, time=moment, samples=self._history, pool=pool, seed=self._seed)
        self._evaluations += 1
        if evaluation.error:
            self._failures += 1
            return
        targets[Purchase.DEDICATED] = evaluation.target_dedicated_nodes
        targets[Purchase.SPOT] = evaluation.target_low_priority_nodes
        self._option = evaluation.node_deallocation_option
        self._scale(now)

    def _scale(self, now: int) -> None:
        for kind in Purchase:
            self._fleet.scale(kind, self._targets[kind], self._option, now)

    def _change_capacity(self, now: int) -> None:
        capacity = self._model.capacity(now)
        if capacity is not None:
            self._fleet.shrink_spot(capacity, now)
        self._scale(now)

    def _outcome(self, now: int) -> Outcome:
        empty = not any(self._fleet.nodes.values())
        return Outcome(
            model=self._model,
            tallies=self._fleet.tallies,
            census=replace(self._fleet.census),
            series=(*self._series, self._point(now)),
            end=now,
            zero=now if empty and self._fleet.tallies.done else None,
            evaluations=self._evaluations,
            failed_evaluations=self._failures,
        )
