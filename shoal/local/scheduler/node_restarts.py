"""Restarts of nodes by request: their tasks end or are waited for, then the agent ends and starts again.

A reboot keeps the node's files, a new image does not, and a node whose machine is given back starts at a later request.

A reboot runs the start task that the pool has by then. Source: REST reference, Pools - Update, startTask.
"""

from shoal.local import errors
from shoal.local.scheduler import node_lifecycle
from shoal.local.scheduler.loop import Transaction
from shoal.local.store.node import Node
from shoal.local.store.states import NodeDeallocationOption, NodeState

RESTARTABLE = (NodeState.IDLE, NodeState.RUNNING, NodeState.OFFLINE, NodeState.START_TASK_FAILED)
"""Source: the REST reference names the first two; an offline node is idle by request; users restart nodes whose start
task has failed as well (doAzureParallel issue 80, batch-shipyard issue 341)."""
REFUSALS = {
    NodeState.UNUSABLE: ("NodeStateUnusable", "The specified node is in an unusable state."),
    NodeState.CREATING: ("NodeBeingCreated", "The specified node is being created."),
    NodeState.STARTING: ("NodeBeingStarted", "The specified node is being started."),
    NodeState.REBOOTING: ("NodeBeingRebooted", "The specified node is being rebooted."),
    NodeState.REIMAGING: ("NodeBeingReimaged", "The specified node is being reimaged."),
}
"""Codes of the states that have one. Source: REST reference, "Batch status and error codes"."""


VERBS = {
    NodeState.REBOOTING: "rebooted",
    NodeState.REIMAGING: "reimaged",
    NodeState.DEALLOCATING: "deallocated",
}
"""States in which the end of an agent is awaited, and how messages speak of it."""


def reboot(tx: Transaction, node: Node, option: NodeDeallocationOption) -> None:
    """Begin the restart of a node. It is `rebooting` from now on, also while its tasks go on. Raises BatchError."""
    _end_agent(tx, node, option, NodeState.REBOOTING)


def reimage(tx: Transaction, node: Node, option: NodeDeallocationOption) -> None:
    """Begin the restart of a node without its files. Raises BatchError."""
    _end_agent(tx, node, option, NodeState.REIMAGING)


def deallocate(tx: Transaction, node: Node, option: NodeDeallocationOption) -> None:
    """Begin to give a node's machine back. The node stays in its pool, with its files. Raises BatchError."""
    _end_agent(tx, node, option, NodeState.DEALLOCATING)


def start(tx: Transaction, node: Node) -> None:
    """Begin to start a node whose machine was given back. Raises BatchError."""
    if node.state is not NodeState.DEALLOCATED:
        reason = f"The specified node is {node.state}, not deallocated."
        raise errors.conflict("OperationInvalidForCurrentState", reason)
    node_lifecycle.enter(tx, node.key, NodeState.STARTING)
    node_lifecycle.boot_later(tx, node.key)


def _end_agent(tx: Transaction, node: Node, option: NodeDeallocationOption, state: NodeState) -> None:
    if node.state not in RESTARTABLE:
        reason = f"The specified node cannot be {VERBS[state]} while it is {node.state}."
        raise errors.conflict(*REFUSALS.get(node.state, ("OperationInvalidForCurrentState", reason)))
    if option not in node_lifecycle.WAITING_FOR_TASKS:
        node_lifecycle.end_tasks(tx, node, option, f"The task was ended because its node was {VERBS[state]}")
    node_lifecycle.enter(tx, node.key, state)
    # Other nodes may take its tasks. Then `proceed` follows.
    tx.pools_to_fill.add(node.pool)


def proceed(tx: Transaction, pool: int) -> None:
    """End the agents of the pool's nodes that wait for it, once they run no task any more."""
    for node_id, state in tx.all(
        tuple,
        # `booted` dates from the agent that is to end; the next one has none until it reports.
        "SELECT id, state FROM nodes WHERE pool = ? AND state IN (?, ?, ?) AND booted IS NOT NULL"
        " AND id NOT IN (SELECT node FROM allocations)",
        pool,
        *VERBS,
    ):
        _close(tx, node_id, keep_files=state != NodeState.REIMAGING)


def _close(tx: Transaction, node_id: str, *, keep_files: bool) -> None:
    tx.then(lambda agents: agents.close(node_id) if keep_files else agents.wipe(node_id))
