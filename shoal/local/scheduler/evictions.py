"""Spot nodes are pre-empted: at a rate, or one that is named."""

from random import Random

from shoal.local import chaos, errors
from shoal.local.scheduler import nodes
from shoal.local.scheduler.loop import Transaction

AT_WORK = "state IN ('idle', 'running') AND NOT dedicated"


class Evictions:
    """Draws which nodes go; the numbers follow from the seed."""

    def __init__(self) -> None:
        self.seed: int | None = None
        self.random = Random()
        self.last: int | None = None

    def draw(self, tx: Transaction) -> None:
        """Pre-empt the nodes whose turn came since the last draw."""
        rough = chaos.load(tx.connection)
        elapsed, self.last = tx.now - (self.last or tx.now), tx.now
        if rough.seed != self.seed:
            self.seed, self.random = rough.seed, Random(rough.seed)
        if not rough.evictions_per_node_hour:
            return
        spot = {row["key"]: row for row in tx.all(f"SELECT * FROM nodes WHERE {AT_WORK} ORDER BY key")}
        for key in chaos.evicted(list(spot), rough, elapsed, self.random):
            nodes.preempt(tx, spot[key])


def preempt_named(tx: Transaction, node_id: str | None) -> str:
    """Pre-empt this Spot node now, or, without a name, the busiest one; its id."""
    node = tx.one(
        "SELECT nodes.*, count(allocations.task) AS busy FROM nodes"
        " LEFT JOIN allocations ON allocations.node = nodes.id"
        f" WHERE {AT_WORK} AND ?1 IN (nodes.id, '') GROUP BY nodes.key ORDER BY busy DESC, nodes.key LIMIT 1",
        node_id or "",
    )
    if node is None:
        what = f"Node {node_id} is not a Spot node at work" if node_id else "No Spot node is at work"
        raise errors.conflict("OperationInvalidForCurrentState", f"{what}; only such can be pre-empted.")
    nodes.preempt(tx, node)
    return str(node["id"])
