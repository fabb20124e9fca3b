"""Fills disks of nodes and kills storage: by rates and the seed, or now."""

from collections.abc import Callable

from shoal.local import chaos, errors
from shoal.local.draws import Draws
from shoal.local.scheduler import node_lifecycle
from shoal.local.scheduler.loop import Transaction
from shoal.local.store.node import Node
from shoal.local.store.states import NodeState

AT_WORK = "SELECT * FROM busy_nodes WHERE state IN (?1, ?2) AND ifnull(?3, id) = id ORDER BY running_tasks DESC, key"


class Losses:
    """The draws of what is lost, each from a row of its own."""

    def __init__(self, kill_storage: Callable[[], None]) -> None:
        self.kill_storage = kill_storage
        self.disks = Draws("disks")
        self.storage = Draws("storage")
        self.last: int | None = None

    def draw(self, tx: Transaction) -> None:
        """Let happen what the time since the last draw has cost."""
        rough = chaos.load(tx.connection)
        # Also without a rate: the time before a rate is set must not count once it is.
        elapsed, self.last = tx.now - (self.last or tx.now), tx.now
        if rough.full_disks_per_node_hour:
            nodes = {node.key: node for node in _at_work(tx, None)}
            # In a fixed order, so that a seed strikes the same nodes every time.
            random = self.disks.of(rough.seed)
            for key in chaos.struck(sorted(nodes), rough.full_disks_per_node_hour, elapsed, random):
                node_lifecycle.fill_disk(tx, nodes[key])
        if chaos.struck([0], rough.storage_kills_per_hour, elapsed, self.storage.of(rough.seed)):
            tx.then(lambda _: self.kill_storage())


def fill_disk_of(tx: Transaction, node_id: str | None) -> str:
    """Fill the disk of this node now, or, without a name, of the busiest one. Return its id."""
    node = next(iter(_at_work(tx, node_id)), None)
    if node is None:
        what = f"Node {node_id} is not at work" if node_id else "No node is at work"
        raise errors.conflict("OperationInvalidForCurrentState", f"{what}; only the disk of such can be filled.")
    node_lifecycle.fill_disk(tx, node)
    return node.id


def _at_work(tx: Transaction, node_id: str | None) -> list[Node]:
    return tx.all(Node.from_row, AT_WORK, NodeState.IDLE, NodeState.RUNNING, node_id)
