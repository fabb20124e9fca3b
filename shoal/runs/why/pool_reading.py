"""A pool as Batch reports it, turned into facts for the decision table."""

from azure.batch import BatchClient
from azure.batch.models import AutoScaleRun, BatchPool
from azure.core.exceptions import ResourceNotFoundError

from shoal.connect import plain_word
from shoal.nodes.pool_nodes import Targets
from shoal.runs.why.evidence import Fault, FormulaRun, PoolFacts

COLUMNS = [
    *("id", "state", "allocationState", "taskSlotsPerNode", "resizeErrors"),
    *("targetDedicatedNodes", "targetLowPriorityNodes", "currentDedicatedNodes", "currentLowPriorityNodes"),
    *("enableAutoScale", "autoScaleFormula", "autoScaleEvaluationInterval", "autoScaleRun"),
]


def read_pool_facts(client: BatchClient, pool_id: str) -> PoolFacts | None:
    """Return None where Batch has no such pool."""
    try:
        return pool_facts(client.get_pool(pool_id, select=COLUMNS))
    except ResourceNotFoundError:
        return None


def pool_facts(pool: BatchPool) -> PoolFacts:
    return PoolFacts(
        id=str(pool.id),
        state=plain_word(pool.state) or "",
        is_steady=plain_word(pool.allocation_state) == "steady",
        slots_per_node=pool.task_slots_per_node or 1,
        targets=Targets(dedicated=pool.target_dedicated_nodes or 0, low_priority=pool.target_low_priority_nodes or 0),
        current=Targets(dedicated=pool.current_dedicated_nodes or 0, low_priority=pool.current_low_priority_nodes or 0),
        resize_faults=tuple(
            Fault(code=error.code or "", message=error.message or "") for error in pool.resize_errors or ()
        ),
        formula=pool.auto_scale_formula if pool.enable_auto_scale else None,
        interval=pool.auto_scale_evaluation_interval,
        run=formula_run(pool.auto_scale_run) if pool.auto_scale_run else None,
    )


def formula_run(run: AutoScaleRun) -> FormulaRun:
    error = run.error
    if error is None:
        return FormulaRun(at=run.timestamp, results=run.results or "")
    details = "; ".join(str(item.value) for item in error.error_values or ())
    message = ": ".join(part for part in (error.message, details) if part)
    return FormulaRun(at=run.timestamp, results=run.results or "", fault=Fault(code=error.code or "", message=message))
