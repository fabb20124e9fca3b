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
    # At least a minute: a note with a tiny interval must not mean a million evaluations.
    step = timedelta(microseconds=max(every, MINUTE) // MICROSECOND)
    for index in range(A_WEEK_AND_A_DAY // step):
        evaluation = evaluate(
            program, time=BEGIN + index * step, samples=_samples(load, dedicated + spot), pool=_pool(dedicated, spot)
        )
        if evaluation.error:
            return
        dedicated, spot = evaluation.target_dedicated_nodes, evaluation.target_low_priority_nodes
        yield Targets(dedicated=dedicated, spot=spot)


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
