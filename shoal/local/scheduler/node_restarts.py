"""Restarts of nodes by request: their tasks end or are waited for, then the agent ends and starts again.

A reboot runs the start task that the pool has by then. Source: REST reference, Pools - Update, startTask.
"""

from shoal.local import errors
from shoal.local.scheduler import node_lifecycle
from shoal.local.scheduler.loop import Transaction
from shoal.local.store.node import Node
from shoal.local.store.queries import text
from shoal.local.store.states import NodeDeallocationOption, NodeState

RESTARTABLE = (NodeState.IDLE, NodeState.RUNNING, NodeState.START_TASK_FAILED)
"""Source: the REST reference names the first two; users restart nodes whose start task has failed as well
(doAzureParallel issue 80, batch-shipyard issue 341)."""
REFUSALS = {
    NodeState.UNUSABLE: ("NodeStateUnusable", "The specified node is in an unusable state."),
    NodeState.CREATING: ("NodeBeingCreated", "The specified node is being created."),
    NodeState.STARTING: ("NodeBeingStarted", "The specified node is being started."),
    NodeState.REBOOTING: ("NodeBeingRebooted", "The specified node is being rebooted."),
}
"""Codes of the states that have one. Source: REST reference, "Batch status and error codes"."""


def reboot(tx: Transaction, node: Node, option: NodeDeallocationOption) -> None:
    """Begin the restart of a node. It is `rebooting` from now on, also while its tasks go on. Raises BatchError."""
    _require_restartable(node)
    if option not in node_lifecycle.WAITING_FOR_TASKS:
        node_lifecycle.end_tasks(tx, node, option, "The task was ended because its node was rebooted")
    node_lifecycle.enter(tx, node.key, NodeState.REBOOTING)
    # Other nodes may take its tasks. Then `proceed` follows.
    tx.pools_to_fill.add(node.pool)


def _require_restartable(node: Node) -> None:
    if node.state not in RESTARTABLE:
        other = ("OperationInvalidForCurrentState", f"The specified node cannot be rebooted while it is {node.state}.")
        raise errors.conflict(*REFUSALS.get(node.state, other))


def proceed(tx: Transaction, pool: int) -> None:
    """End the agents of the pool's rebooting nodes that run no task any more; their ends start them again."""
    for node_id in tx.all(
        text,
        # `booted` dates from the agent that is to end; the next one has none until it reports.
        "SELECT id FROM nodes WHERE pool = ? AND state = ? AND booted IS NOT NULL"
        " AND id NOT IN (SELECT node FROM allocations)",
        pool,
        NodeState.REBOOTING,
    ):
        _close(tx, node_id)


def _close(tx: Transaction, node_id: str) -> None:
    tx.then(lambda agents: agents.close(node_id))
