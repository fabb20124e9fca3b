"""A pool's formula, evaluated with the tasks and nodes of this moment: how many nodes it asks for, and when. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shoal.autoscale import (
    ConstantSamples,
    FormulaFault,
    PoolSnapshot,
    Program,
    check,
    compile_formula,
    evaluate,
    parse,
)
from shoal.runs.why.evidence import Evidence, PoolFacts

AHEAD = timedelta(days=7)
STEP = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    results: str
    """The variables as Batch reports them."""
    nodes: int
    next: datetime | None = None
    """The first time in the next days at which it asks for nodes, where it asks for none now."""


def trial(evidence: Evidence, pool: PoolFacts) -> Trial | None:
    """Evaluate the formula as if these tasks and nodes had been there for a while. None where that is impossible."""
    program = _program(pool.formula or "")
    if program is None:
        return None
    samples = ConstantSamples(_values(evidence, pool))
    state = PoolSnapshot(
        target_dedicated_nodes=pool.targets.dedicated,
        target_low_priority_nodes=pool.targets.low_priority,
        current_dedicated_nodes=pool.current.dedicated,
        current_low_priority_nodes=pool.current.low_priority,
        task_slots_per_node=pool.slots_per_node,
    )

    def nodes_at(time: datetime) -> int:
        found = evaluate(program, time=time, samples=samples, pool=state)
        return found.target_dedicated_nodes + found.target_low_priority_nodes

    now = evaluate(program, time=evidence.now, samples=samples, pool=state)
    if now.error is not None:
        return None
    nodes = now.target_dedicated_nodes + now.target_low_priority_nodes
    quarters = (_quarter(evidence.now) + number * STEP for number in range(1, AHEAD // STEP + 1))
    later = None if nodes else next((time for time in quarters if nodes_at(time)), None)
    return Trial(results=now.results, nodes=nodes, next=later)


def _program(formula: str) -> Program | None:
    try:
        checked = check(parse(formula))
    except FormulaFault:
        return None
    return None if checked.faults else compile_formula(checked)


def _values(evidence: Evidence, pool: PoolFacts) -> dict[str, float]:
    active = max(evidence.counts.active, sum(share.active for share in evidence.shares))
    running = max(evidence.counts.running, sum(share.running for share in evidence.shares))
    return {
        "$ActiveTasks": active,
        "$RunningTasks": running,
        "$PendingTasks": active + running,
        "$SucceededTasks": evidence.counts.succeeded,
        "$FailedTasks": evidence.counts.failed,
        "$CPUPercent": 0.0,
        "$CurrentDedicatedNodes": pool.current.dedicated,
        "$CurrentLowPriorityNodes": pool.current.low_priority,
        "$PreemptedNodeCount": len(evidence.nodes_in("preempted")),
        "$UsableNodeCount": len(evidence.working),
        "$TaskSlotsPerNode": pool.slots_per_node,
    }


def _quarter(time: datetime) -> datetime:
    return time.replace(minute=time.minute - time.minute % 15, second=0, microsecond=0)
