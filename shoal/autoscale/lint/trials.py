"""Trials of a formula under loads that last: idle, overloaded, or with its last tasks running.

It is hard to read from a formula whether it ever gives its nodes back, and easy to try.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shoal.autoscale.compilation import Program
from shoal.autoscale.evaluation import PoolSnapshot, evaluate
from shoal.autoscale.samples import ConstantSamples
from shoal.autoscale.ticks import MICROSECOND, MINUTE
from shoal.autoscale.variables import TARGET_DEDICATED, TARGET_SPOT

SLOTS = 4
A_WEEK_AND_A_DAY = timedelta(days=8)
BEGIN = datetime(2060, 1, 5, tzinfo=UTC)
"""A Monday, later than any date that a formula is likely to mention."""
MAX_ELEMENTS = 4_000_000
"""Elements of vectors that the operations of one trial may compute, so that no formula takes the linter seconds."""
SAMPLES_OF_A_DAY = 2880


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    active: float = 0
    running: float = 0
    cpu: float = 0
    preempted: float = 0
    arrived: float = 1
    """Share of the samples that arrived."""


IDLE = Load()
BUSY_WITHOUT_QUEUE = Load(running=64, cpu=1)
BUSY = Load(active=1000, running=64, cpu=1)
BUSY_WITH_FEW_SAMPLES = Load(active=1000, running=64, cpu=1, arrived=0.5)
OVERLOAD = Load(active=1e9, running=1e6, cpu=1, preempted=1e6)
OVERLOAD_ON_SPOT = Load(active=1e9, running=1e6, cpu=1)
"""An overload in which no Spot node is pre-empted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """Target numbers of nodes."""

    dedicated: int
    spot: int

    @property
    def nodes(self) -> int:
        return self.dedicated + self.spot


def nodes_under(program: Program, load: Load, *, nodes: int, every: int) -> Iterator[int]:
    """Yield the targets of `targets_under` as sums of both kinds."""
    return (targets.nodes for targets in targets_under(program, load, nodes=nodes, every=every))


def targets_under(program: Program, load: Load, *, nodes: int, every: int) -> Iterator[Targets]:
    """Yield the targets that the formula sets, at each evaluation of a week and a day of the same load.

    The pool begins with `nodes` of each kind that the formula assigns, and reaches each target at once. `every` is the
    time between evaluations, in ticks. A failed evaluation ends the trial early.
    """
    assigned = {program.names[step.slot] for step in program.steps if step.slot is not None}
    dedicated = nodes if TARGET_DEDICATED in assigned else 0
    spot = nodes if TARGET_SPOT in assigned else 0
    step = _step(program, every)
    for index in range(A_WEEK_AND_A_DAY // step):
        before = Targets(dedicated=dedicated, spot=spot)
        evaluation = evaluate(
            program, time=BEGIN + index * step, samples=_samples(load, dedicated + spot), pool=_pool(dedicated, spot)
        )
        if evaluation.error:
            return
        dedicated, spot = evaluation.target_dedicated_nodes, evaluation.target_low_priority_nodes
        targets = Targets(dedicated=dedicated, spot=spot)
        yield targets
        if targets == before and not program.is_restless:
            return  # and so it would stay: neither the samples nor the pool change any more


def _step(program: Program, every: int) -> timedelta:
    """Return the time between the evaluations of a trial."""
    # At least a minute: a note with a tiny interval must not mean a million evaluations.
    step = timedelta(microseconds=max(every, MINUTE) // MICROSECOND)
    most = max(8, MAX_ELEMENTS // (SAMPLES_OF_A_DAY * max(1, program.vector_operations)))
    return max(step, A_WEEK_AND_A_DAY / most)


def _samples(load: Load, nodes: int) -> ConstantSamples:
    return ConstantSamples(
        {
            "ActiveTasks": load.active,
            "RunningTasks": load.running,
            "PendingTasks": load.active + load.running,
            "SucceededTasks": 0,
            "FailedTasks": 0,
            "CPUPercent": load.cpu,
            "PreemptedNodeCount": load.preempted,
            "UsableNodeCount": nodes,
            "CurrentDedicatedNodes": nodes,
            "CurrentLowPriorityNodes": nodes,
            "TaskSlotsPerNode": SLOTS,
        },
        arrived=load.arrived,
    )


def _pool(dedicated: int, spot: int) -> PoolSnapshot:
    return PoolSnapshot(
        target_dedicated_nodes=dedicated,
        target_low_priority_nodes=spot,
        current_dedicated_nodes=dedicated,
        current_low_priority_nodes=spot,
        task_slots_per_node=SLOTS,
    )
