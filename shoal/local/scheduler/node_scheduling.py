"""Nodes that take no tasks by request: they are `offline` once none runs on them.

Source: REST reference, Nodes - Disable Scheduling and Enable Scheduling.
"""

from shoal.local import errors
from shoal.local.scheduler import job_lifecycle, node_lifecycle, task_lifecycle
from shoal.local.scheduler.loop import Transaction
from shoal.local.store.node import Node
from shoal.local.store.queries import integer
from shoal.local.store.states import NodeDisableSchedulingOption, NodeState


def disable(tx: Transaction, node: Node, option: NodeDisableSchedulingOption) -> None:
    """Place no more tasks on the node, and deal with those that run there. Raises BatchError."""
    if node.unscheduled:
        raise _already("disabled")
    tx.run("INSERT INTO unscheduled_nodes VALUES (?)", node.key)
    if node.state is NodeState.IDLE:
        node_lifecycle.enter(tx, node.key, NodeState.OFFLINE)
    busy = node_lifecycle.running_on(tx, node)
    match option:
        case NodeDisableSchedulingOption.REQUEUE:
            for task in busy:
                task_lifecycle.requeue(tx, task)
        case NodeDisableSchedulingOption.TERMINATE:
            for task in busy:
                task_lifecycle.end_running(tx, task, "The task was ended because its node takes no more tasks")
            for job in {job for task in busy for job in tx.all(integer, JOB, task.key)}:
                job_lifecycle.complete_if_done(tx, job)
        case NodeDisableSchedulingOption.TASK_COMPLETION:
            pass
    tx.pools_to_fill.add(node.pool)


JOB = "SELECT job FROM tasks WHERE key = ?"


def enable(tx: Transaction, node: Node) -> None:
    """Place tasks on the node again. Raises BatchError."""
    if not node.unscheduled:
        raise _already("enabled")
    tx.run("DELETE FROM unscheduled_nodes WHERE node = ?", node.key)
    if node.state is NodeState.OFFLINE:
        node_lifecycle.enter(tx, node.key, NodeState.IDLE)
    tx.pools_to_fill.add(node.pool)


def _already(state: str) -> errors.BatchError:
    message = f"Task scheduling on the specified node is {state} already."
    return errors.conflict("NodeAlreadyInTargetSchedulingState", message)
