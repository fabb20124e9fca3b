"""Trials of a formula under loads that last: idle, overloaded, or with its last tasks running.

It is hard to read from a formula whether it ever gives its nodes back, and easy to try.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shoal.autoscale.compilation import Program
from shoal.autoscale.evaluation import EvaluationError, PoolSnapshot, evaluate
from shoal.autoscale.samples import ConstantSamples
from shoal.autoscale.ticks import MICROSECOND, MINUTE
from shoal.autoscale.variables import TARGET_DEDICATED, TARGET_SPOT, Deallocation

SLOTS = 4
A_WEEK_AND_A_DAY = timedelta(days=8)
BEGIN = datetime(2060, 1, 5, tzinfo=UTC)
"""A Monday, later than most dates that formulas mention."""
MAX_ELEMENTS = 4_000_000
"""Elements of vectors that the operations of one trial may compute, so that no formula takes the linter seconds."""
SAMPLES_OF_A_DAY = 2880


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    active: float = 0
    running: float = 0
    cpu: float = 0
    is_preempted: bool = False
    """True where all Spot nodes have been taken away."""
    arrived: float = 1
    """Share of the samples that arrived."""
    late: int = 0
    """Ticks until a sample arrives."""


IDLE = Load()
IDLE_WITH_LATE_SAMPLES = Load(late=4 * MINUTE)
ONE_TASK = Load(active=1)
LAST_TASKS = Load(running=8, cpu=0.1)
BUSY_WITHOUT_QUEUE = Load(running=64, cpu=1)
BUSY = Load(active=1000, running=64, cpu=1)
BUSY_WITH_FEW_SAMPLES = Load(active=1000, running=64, cpu=1, arrived=0.5)
OVERLOAD = Load(active=1e9, running=1e6, cpu=1, is_preempted=True)
OVERLOAD_ON_SPOT = Load(active=1e9, running=1e6, cpu=1)
"""An overload in which no Spot node is pre-empted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """Target numbers of nodes."""

    dedicated: int
    spot: int
    option: Deallocation = Deallocation.REQUEUE

    @property
    def nodes(self) -> int:
        return self.dedicated + self.spot


def nodes_under(program: Program, load: Load, *, nodes: int, every: int) -> Iterator[int]:
    """Yield the targets of `targets_under` as sums of both kinds."""
    return (targets.nodes for targets in targets_under(program, load, nodes=nodes, every=every))


def targets_under(
    program: Program, load: Load, *, nodes: int, every: int, begin: datetime = BEGIN
) -> Iterator[Targets]:
    """Yield the targets that the formula sets, at each evaluation of a week and a day of the same load.

    The pool begins with `nodes` of each kind that the formula assigns, and reaches each target at once. `every` is the
    time between evaluations, in ticks. A failed evaluation ends the trial early.
    """
    assigned = {program.names[step.slot] for step in program.steps if step.slot is not None}
    dedicated = nodes if TARGET_DEDICATED in assigned else 0
    spot = nodes if TARGET_SPOT in assigned else 0
    step = _step(program, every)
    for index in range(A_WEEK_AND_A_DAY // step):
        evaluation = evaluate(
            program, time=begin + index * step, samples=_samples(load, dedicated, spot), pool=_pool(dedicated, spot)
        )
        if evaluation.error:
            return
        before = (dedicated, spot)
        dedicated, spot = evaluation.target_dedicated_nodes, evaluation.target_low_priority_nodes
        yield Targets(dedicated=dedicated, spot=spot, option=evaluation.node_deallocation_option)
        if (dedicated, spot) == before and not program.is_restless:
            return  # and so it would stay: neither the samples nor the pool change any more


def _step(program: Program, every: int) -> timedelta:
    """Return the time between the evaluations of a trial."""
    # At least a minute: a note with a tiny interval must not mean a million evaluations.
    step = timedelta(microseconds=max(every, MINUTE) // MICROSECOND)
    most = max(8, MAX_ELEMENTS // (SAMPLES_OF_A_DAY * max(1, program.vector_operations)))
    return max(step, A_WEEK_AND_A_DAY / most)


def fault_of_a_new_pool(program: Program) -> EvaluationError | None:
    """Return the error of an evaluation before the first sample."""
    return evaluate(program, time=BEGIN, samples=ConstantSamples({}), pool=_pool(0, 0)).error


def grows(program: Program, load: Load, *, every: int, begins: Iterable[datetime]) -> bool:
    """Return whether an empty pool gets nodes under the load, at any time of the weeks that begin then."""
    return any(
        targets.nodes > 0
        for begin in begins
        for targets in targets_under(program, load, nodes=0, every=every, begin=begin)
    )


def targets_of_a_new_pool(program: Program) -> Targets:
    """Return the targets of an empty pool before the first sample."""
    evaluation = evaluate(program, time=BEGIN, samples=ConstantSamples({}), pool=_pool(0, 0))
    return Targets(dedicated=evaluation.target_dedicated_nodes, spot=evaluation.target_low_priority_nodes)


def _samples(load: Load, dedicated: int, spot: int) -> ConstantSamples:
    preempted = spot if load.is_preempted else 0
    return ConstantSamples(
        {
            "ActiveTasks": load.active,
            "RunningTasks": load.running,
            "PendingTasks": load.active + load.running,
            "SucceededTasks": 0,
            "FailedTasks": 0,
            "CPUPercent": load.cpu,
            "PreemptedNodeCount": preempted,
            "UsableNodeCount": dedicated + spot - preempted,
            "CurrentDedicatedNodes": dedicated,
            "CurrentLowPriorityNodes": spot,
            "TaskSlotsPerNode": SLOTS,
        },
        arrived=load.arrived,
        late=load.late,
    )


def _pool(dedicated: int, spot: int) -> PoolSnapshot:
    return PoolSnapshot(
        target_dedicated_nodes=dedicated,
        target_low_priority_nodes=spot,
        current_dedicated_nodes=dedicated,
        current_low_priority_nodes=spot,
        task_slots_per_node=SLOTS,
    )
