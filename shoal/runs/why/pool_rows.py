"""Rows about the job's pool: it is gone, does not get its nodes, or asks for none. Pure.

Sources: Batch REST, Pool - Get, resizeErrors and autoScaleRun; Learn, "Azure Batch pool resizing failure".
"""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from shoal.azure_errors import explained
from shoal.runs.why.evidence import Evidence, Fault, PoolFacts
from shoal.runs.why.finding import Finding, Row, counted
from shoal.runs.why.waiting_rows import for_nodes

if TYPE_CHECKING:
    from shoal.runs.why.formula_trial import Trial

_SAMPLES = re.compile(r"(\[(?:[^],]*,){4}[^],]*),[^]]*\]")
"""A vector of more than five samples."""
NO_CAPACITY = ("AllocationFailed", "AllocationTimedout")


def _gone(evidence: Evidence) -> Finding | None:
    pool_id = evidence.job.pool_id
    if not for_nodes(evidence) or (evidence.pool is not None and evidence.pool.state == "active"):
        return None
    state = "Batch has no such pool" if evidence.pool is None else f"it is {evidence.pool.state}"
    return Finding(
        sentence=f"the pool {pool_id} is gone: {state}",
        step="deploy the stack with `shoal up`: the tasks run once a pool with this id is there",
        blocks=evidence.counts.active,
    )


def _formula_error(evidence: Evidence) -> Finding | None:
    pool = _waited_for(evidence)
    if pool is None or pool.formula is None or pool.run is None or pool.run.fault is None:
        return None
    fault = pool.run.fault
    return Finding(
        sentence=f"the formula of pool {pool.id} fails, so the pool keeps its {counted(pool.target, 'node')}",
        evidence=(f"{fault.code}: {fault.message}", *_evaluated(pool)),
        step="correct autoScaleFormula in the stack's file (`shoal autoscale check`), then `shoal up`",
        blocks=_blocked(evidence),
    )


def _quota(evidence: Evidence) -> Finding | None:
    return _short_of_nodes(evidence, "a quota keeps pool {pool} at {nodes}", lambda fault: "Quota" in fault.code)


def _no_spot(evidence: Evidence) -> Finding | None:
    pool = _waited_for(evidence)
    if pool is None:
        return None
    evicted = evidence.nodes_in("preempted")
    if evicted:
        return Finding(
            sentence=f"Azure took {counted(len(evicted), 'Spot node')} of pool {pool.id} away, and has no other yet",
            evidence=tuple(_resize_fault(fault) for fault in pool.resize_faults),
            step="wait: Batch tries to get them back; or set dedicatedNodes in the stack's file, and `shoal up`",
            blocks=_blocked(evidence),
        )
    if pool.targets.low_priority <= pool.current.low_priority:
        return None
    return _short_of_nodes(
        evidence,
        "Azure has no Spot nodes for pool {pool} at the moment: it has {nodes}",
        lambda fault: fault.code in NO_CAPACITY,
    )


def _resize_error(evidence: Evidence) -> Finding | None:
    def other(fault: Fault) -> bool:
        spot = fault.code in NO_CAPACITY and _no_spot(evidence) is not None
        return "Quota" not in fault.code and not spot

    return _short_of_nodes(evidence, "pool {pool} could not be resized: it has {nodes}", other)


def _short_of_nodes(evidence: Evidence, sentence: str, fits: Callable[[Fault], bool]) -> Finding | None:
    pool = _waited_for(evidence)
    faults = [fault for fault in pool.resize_faults if fits(fault)] if pool else []
    if pool is None or not faults:
        return None
    nodes = f"{pool.nodes} of {counted(pool.target, 'node')}"
    explanation = explained(f"{faults[0].code}: {faults[0].message}") or ""
    meaning, _, step = explanation.partition("; ")
    return Finding(
        sentence=sentence.format(pool=pool.id, nodes=nodes) + (f"; {meaning}" if meaning else ""),
        evidence=tuple(_resize_fault(fault) for fault in faults),
        step=step or "wait for the next evaluation of the formula, or resize the pool: `shoal up`",
        blocks=_blocked(evidence),
    )


def _asks_for_none(evidence: Evidence) -> Finding | None:
    pool = _waited_for(evidence)
    if pool is None or pool.formula is None or pool.target or pool.nodes or (pool.run and pool.run.fault):
        return None
    from shoal.runs.why.formula_trial import trial  # only here: it brings the language of formulas with it

    tried, waiting = trial(evidence, pool), counted(for_nodes(evidence), "task")
    clause, step = _outlook(tried, waiting, pool)
    return Finding(
        sentence=f"pool {pool.id} has no nodes, and its formula asks for none{clause}",
        evidence=(
            *_evaluated(pool),
            *([f"evaluated now, with {waiting} waiting: {_short(tried.results)}"] if tried else []),
        ),
        step=step,
        blocks=for_nodes(evidence),
    )


def _outlook(tried: "Trial | None", waiting: str, pool: PoolFacts) -> tuple[str, str]:
    """Return when the formula asks for nodes, and the next step."""
    if tried is None:
        return "", "try it with `shoal autoscale evaluate`: it may lack samples"
    if tried.nodes:
        most = f" at most {pool.interval}" if pool.interval else ""
        return (
            f" yet; with {waiting} waiting it asks for {tried.nodes} next time",
            f"wait{most} for its next evaluation",
        )
    if tried.next is not None:
        until = f" until {tried.next:%a %Y-%m-%d %H:%M} UTC"
        return until, "wait until then, or change autoScaleFormula in the stack's file, and `shoal up`"
    limits = "autoScaleFormula, maxSpotNodes or maxDedicatedNodes"
    return f", also with {waiting} waiting", f"change {limits} in the stack's file, and `shoal up`"


def _target_zero(evidence: Evidence) -> Finding | None:
    pool = _waited_for(evidence)
    if pool is None or pool.formula is not None or pool.target or pool.nodes:
        return None
    return Finding(
        sentence=f"pool {pool.id} has no nodes: it has a fixed size of none",
        step="set spotNodes or dedicatedNodes in the stack's file, and `shoal up`",
        blocks=for_nodes(evidence),
    )


def _waited_for(evidence: Evidence) -> PoolFacts | None:
    """Return the pool, if it is there and tasks wait."""
    pool = evidence.pool
    return pool if pool is not None and pool.state == "active" and for_nodes(evidence) else None


def _blocked(evidence: Evidence) -> int:
    """Return the waiting tasks, if no node works; else the pool is only smaller than it should be."""
    return 0 if evidence.working else for_nodes(evidence)


def _evaluated(pool: PoolFacts) -> tuple[str, ...]:
    if pool.run is None:
        return ("Batch has not evaluated it yet",)
    at = f" at {pool.run.at:%H:%M:%S} UTC" if pool.run.at else ""
    return (f"evaluated by Batch{at}: {_short(pool.run.results)}",)


def _short(results: str) -> str:
    """Return the variables of a formula with the first samples of each; a pool's own formula has thousands."""
    return _SAMPLES.sub(lambda samples: f"{samples[1]},… ({samples[0].count(',') + 1} samples)]", results)


def _resize_fault(fault: Fault) -> str:
    return f"{fault.code}: {fault.message}"


GONE = Row(code="pool-gone", situation="The pool does not exist, or is being deleted", find=_gone)
FORMULA_ERROR = Row(code="formula-error", situation="The pool's formula fails", find=_formula_error)
QUOTA = Row(code="quota", situation="A quota of cores keeps the pool from growing", find=_quota)
NO_SPOT = Row(code="no-spot", situation="Spot nodes were taken away, or are not to be had", find=_no_spot)
RESIZE_ERROR = Row(code="resize-error", situation="The pool's resize failed for another reason", find=_resize_error)
ASKS_FOR_NONE = Row(
    code="formula-asks-for-none", situation="The pool has no nodes, and its formula asks for none", find=_asks_for_none
)
TARGET_ZERO = Row(code="size-zero", situation="The pool has a fixed size of no nodes", find=_target_zero)
