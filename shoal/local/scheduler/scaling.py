"""Autoscaling: a pool's formula is evaluated at its interval, and the pool follows.

Source: REST reference, "Enable automatic scaling on a pool" and "Evaluate an automatic scaling formula": a failed
evaluation leaves the pool as it is and is reported in `autoScaleRun`.
"""

from dataclasses import replace
from datetime import datetime
from functools import lru_cache

import orjson

from shoal.autoscale import Evaluation, FormulaFault, PoolSnapshot, Program, check, compile_formula, evaluate, parse
from shoal.autoscale.evaluation import refused
from shoal.autoscale.ticks import to_datetime
from shoal.azure.limits import LONGEST_EVALUATION_INTERVAL, SHORTEST_EMBEDDED_INTERVAL
from shoal.local import errors, times
from shoal.local.scheduler import pool_lifecycle
from shoal.local.scheduler.loop import Transaction
from shoal.local.scheduler.pool_samples import PoolSamples
from shoal.local.simulation import pool_clock
from shoal.local.store.pool import Pool
from shoal.local.store.queries import integer
from shoal.local.store.states import AllocationState, NodeDeallocationOption, PoolState

SHORTEST_INTERVAL = times.microseconds(SHORTEST_EMBEDDED_INTERVAL)
LONGEST_INTERVAL = times.microseconds(LONGEST_EVALUATION_INTERVAL)
BETWEEN_ENABLINGS = 30 * times.SECOND
"""As in Azure, which answers an earlier second call with 503."""


def enable(tx: Transaction, pool: Pool, *, formula: str | None, interval: int | None) -> None:
    """Turn autoscaling on, or give it another formula or interval."""
    pool_lifecycle.require_active(pool)
    if formula is None and (pool.formula is None or interval is None):
        raise errors.missing_property("autoScaleFormula")
    if pool.formula is None and pool.allocation_state is not AllocationState.STEADY:
        raise errors.conflict("PoolBeingResized", "The specified pool is being resized.")
    if tx.now - (pool.auto_scale_enabled or 0) < BETWEEN_ENABLINGS:
        text = "Automatic scaling of a pool may be enabled once every 30 seconds."
        raise errors.BatchError(503, "TooManyEnableAutoScaleRequests", text)
    pool_lifecycle.scale_by(tx, pool, formula=formula or pool.formula, interval=interval or pool.evaluation_interval)
    tx.run(
        "UPDATE pools SET auto_scale_enabled = ?1, last_modified = ?1 WHERE key = ?2",
        tx.now,
        pool.key,
    )


def disable(tx: Transaction, pool: Pool) -> None:
    pool_lifecycle.require_active(pool)
    pool_lifecycle.scale_by(tx, pool, formula=None, interval=pool.evaluation_interval)


def check_settings(formula: str, interval: int) -> None:
    """Raises BatchError: AutoScalingFormulaSyntaxError, AutoScaleFormulaTooLong, InvalidAutoScalingSettings."""
    fault = _compiled(formula)
    # A fault that shows only in evaluations does not refuse the pool: `autoScaleRun` reports it.
    if isinstance(fault, FormulaFault) and fault.code != "AutoScalingFormulaEvaluationError":
        text = f"Line {fault.span.line}, Col {fault.span.column}: {fault}"
        raise errors.BatchError(400, fault.code, "The specified autoscale formula is not valid.", {"Message": text})
    if not SHORTEST_INTERVAL <= interval <= LONGEST_INTERVAL:
        text = "The evaluation interval is out of range: PT1S to PT168H is allowed here, PT5M to PT168H in Azure."
        raise errors.BatchError(400, "InvalidAutoScalingSettings", text)


def evaluate_due(tx: Transaction) -> None:
    """Evaluate the formulas whose time has come, and let their pools follow."""
    sql = "SELECT key FROM pools WHERE next_evaluation <= ? AND state = ? AND formula IS NOT NULL"
    for key in tx.all(integer, sql, tx.now, PoolState.ACTIVE):
        pool = Pool.get(tx.connection, key)
        evaluation = evaluated(tx, pool, pool.formula or "")
        tx.run(
            "UPDATE pools SET auto_scale_run = ?, next_evaluation = ? WHERE key = ?",
            orjson.dumps(evaluation.wire()),
            tx.now + pool_clock.evaluation_interval(pool),
            pool.key,
        )
        if evaluation.error is None:
            _follow(tx, pool, evaluation)


def evaluated(tx: Transaction, pool: Pool, formula: str) -> Evaluation:
    """Return what the formula says now, in a simulated pool at its virtual time. Nothing changes by it."""
    simulation = pool_clock.of_pool(pool)
    now = tx.now if simulation is None else pool_clock.virtual_moment(simulation, pool.created, tx.now)
    evaluation = _evaluation(tx, pool, _compiled(formula), _datetime(now))
    # Clients see this machine's time everywhere.
    return replace(evaluation, time=_datetime(tx.now))


def _evaluation(tx: Transaction, pool: Pool, program: Program | FormulaFault, moment: datetime) -> Evaluation:
    state = _state(pool)
    if isinstance(program, FormulaFault):
        return refused(program, time=moment, pool=state)
    return evaluate(program, time=moment, samples=PoolSamples(tx, pool), pool=state, seed=tx.now)


def _datetime(moment: int) -> datetime:
    return to_datetime(moment * times.TICKS_PER_MICROSECOND + times.TICKS_TO_1970)


def _state(pool: Pool) -> PoolSnapshot:
    return PoolSnapshot(
        target_dedicated_nodes=pool.target_dedicated,
        target_low_priority_nodes=pool.target_low_priority,
        current_dedicated_nodes=pool.current_dedicated,
        current_low_priority_nodes=pool.current_low_priority,
        task_slots_per_node=pool.slots_per_node,
    )


@lru_cache(maxsize=256)
def _compiled(formula: str) -> Program | FormulaFault:
    try:
        checked = check(parse(formula))
    except FormulaFault as fault:
        # Returned, not raised: `lru_cache` keeps no exceptions, and the pool's next evaluation would parse it again.
        return fault
    return checked.faults[0] if checked.faults else compile_formula(checked)


def _follow(tx: Transaction, pool: Pool, evaluation: Evaluation) -> None:
    """Go to the targets, also while the pool is still on its way to earlier ones, and again after a failed resize."""
    targets = (evaluation.target_dedicated_nodes, evaluation.target_low_priority_nodes)
    if targets != (pool.target_dedicated, pool.target_low_priority) or pool.resize_errors:
        pool_lifecycle.keep_timeout(tx, pool, pool_lifecycle.USUAL_TIMEOUT)
        pool_lifecycle.retarget(
            tx,
            pool.key,
            dedicated=targets[0],
            low_priority=targets[1],
            deallocation_option=NodeDeallocationOption(evaluation.node_deallocation_option.value),
        )
