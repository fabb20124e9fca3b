"""Replace one node, or reboot it, because somebody asked for that."""

from collections.abc import Callable

from shoal.connect import Services
from shoal.errors import WorkFailed
from shoal.nodes import requests
from shoal.nodes.node_lookup import FoundNode
from shoal.nodes.pool_nodes import PoolTargets, read_targets
from shoal.nodes.resizing import counts
from shoal.runs.watch import Clock

POLL_SECONDS = 1.0


def reboot(services: Services, node: FoundNode) -> None:
    """Begin to reboot a node, once its tasks have ended. Raises WorkFailed where its state does not allow that."""
    if not requests.reboot(services.batch, node.pool_id, node.id):
        raise WorkFailed(f"node {node.id} is {node.state} and cannot be rebooted; `--replace` removes it")


def replace(services: Services, node: FoundNode, *, report: Callable[[str], None], clock: Clock | None = None) -> None:
    """Remove a node once its tasks have ended, and let its pool make another.

    A removal lowers the targets of a pool of a fixed size, so they are set back when it is done. Raises WorkFailed
    where the pool is being resized. Source: Batch REST, Pool - Remove Nodes.
    """
    before = _targets(services, node)
    if not requests.remove(services.batch, node.pool_id, [node.id]):
        raise WorkFailed(f"pool {node.pool} is being resized; try again when `shoal pools` shows it as steady")
    report(f"pool {node.pool}: removing node {node.id} when its tasks have ended")
    if before.scales_by_formula:
        report("its formula decides at its next evaluation how many nodes the pool gets")
        return
    report(
        f"its target of {counts(before.targets)} is set back then; after an interrupt, by `shoal resize {node.pool}`"
    )
    _set_back(services, node, before, clock or Clock())
    report(f"pool {node.pool}: node {node.id} is gone, and another one is on its way")


def _set_back(services: Services, node: FoundNode, before: PoolTargets, clock: Clock) -> None:
    while not (_targets(services, node).is_steady and requests.resize(services.batch, node.pool_id, before.targets)):
        clock.sleep(POLL_SECONDS)


def _targets(services: Services, node: FoundNode) -> PoolTargets:
    present = read_targets(services.batch, node.pool_id)
    if present is None:
        raise WorkFailed(f"pool {node.pool} is gone")
    return present
