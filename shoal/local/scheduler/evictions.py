"""Takes Spot nodes away: at a rate, or one by name."""

from random import Random

from shoal.local import chaos, errors
from shoal.local.draws import Draws
from shoal.local.scheduler import node_lifecycle
from shoal.local.scheduler.loop import Transaction
from shoal.local.store.node import Node
from shoal.local.store.states import NodeState


class Evictions:
    """The draw of the nodes to take away, which follows from the seed."""

    def __init__(self) -> None:
        self.draws = Draws()
        self.random = Random()
        self.last: int | None = None

    def draw(self, tx: Transaction) -> None:
        """Pre-empt the nodes that the time since the last draw has cost."""
        rough = chaos.load(tx.connection)
        # Also without a rate: the time before a rate is set must not count once it is.
        elapsed, self.last = tx.now - (self.last or tx.now), tx.now
        self.random = self.draws.of(rough.seed)
        if not rough.evictions_per_node_hour:
            return
        # In a fixed order: each node draws one number, so a seed takes the same nodes every time.
        sql = "SELECT * FROM busy_nodes WHERE state IN (?, ?) AND NOT dedicated ORDER BY key"
        spot = {node.key: node for node in tx.all(Node.from_row, sql, NodeState.IDLE, NodeState.RUNNING)}
        for key in chaos.evicted(list(spot), rough, elapsed, self.random):
            node_lifecycle.preempt(tx, spot[key])


def preempt_named(tx: Transaction, node_id: str | None) -> str:
    """Pre-empt this Spot node now, or, without a name, the busiest one. Return its id."""
    node = tx.one(
        Node.from_row,
        "SELECT * FROM busy_nodes WHERE state IN (?1, ?2) AND NOT dedicated AND ifnull(?3, id) = id"
        " ORDER BY running_tasks DESC, key LIMIT 1",
        NodeState.IDLE,
        NodeState.RUNNING,
        node_id or None,
    )
    if node is None:
        what = f"Node {node_id} is not a Spot node at work" if node_id else "No Spot node is at work"
        raise errors.conflict("OperationInvalidForCurrentState", f"{what}; only such can be pre-empted.")
    node_lifecycle.preempt(tx, node)
    return node.id
