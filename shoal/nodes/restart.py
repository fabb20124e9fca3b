"""Nodes that still have the start task of an earlier deployment: which they are, what to do, and their restart.

A changed start task reaches nodes that join later, or that reboot. Source: REST reference, Pools - Update, startTask.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shoal.connect import Services
from shoal.nodes import requests
from shoal.nodes.pool_nodes import PoolNode, PoolNodes, read_pools

REBOOTABLE = ("idle", "running", "starttaskfailed")


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleNodes:
    """Nodes of a pool that have an old start task, or whose start task failed."""

    pool: str
    old: dict[str, int]
    """Nodes with an old start task, by state."""
    failed: int
    """Nodes whose start task failed and is the pool's present one."""
    rebooted: int = 0
    rebooted_later: int = 0
    """Nodes that reboot when their tasks have ended."""


def stale_nodes(services: Services, *, restart: bool) -> list[StaleNodes]:
    """Return the pools with such nodes; restart those nodes on request. No task is interrupted."""
    ids = {pool.id for pool in services.environment.pools.values()}
    found = (_stale(pool, rebooted=_restart(services, pool) if restart else ()) for pool in _read(services, ids))
    return [one for one in found if one.old or one.failed]


def _read(services: Services, ids: Iterable[str]) -> list[PoolNodes]:
    # All of them before the first reboot, which takes long enough to be seen in the next list.
    return list(read_pools(services.batch, ids))


def _restart(services: Services, pool: PoolNodes) -> list[PoolNode]:
    return [node for node in to_restart(pool) if requests.reboot(services.batch, pool.id, node.id)]


def to_restart(pool: PoolNodes) -> list[PoolNode]:
    """Return the nodes that a reboot may mend. Nodes in other states have to be waited for, or replaced."""
    return [
        node
        for node in pool.nodes
        if node.state in REBOOTABLE and (node.state == "starttaskfailed" or pool.has_old_start_task(node))
    ]


def _stale(pool: PoolNodes, *, rebooted: Sequence[PoolNode]) -> StaleNodes:
    old = [node for node in pool.nodes if pool.has_old_start_task(node)]
    busy = sum(node.running_tasks > 0 for node in rebooted)
    return StaleNodes(
        pool=pool.id,
        old=dict(sorted(Counter(node.state for node in old).items())),
        failed=sum(node.state == "starttaskfailed" and not pool.has_old_start_task(node) for node in pool.nodes),
        rebooted=len(rebooted) - busy,
        rebooted_later=busy,
    )


def line(stale: StaleNodes, *, restart: bool) -> str:
    """Return which nodes they are and what happens to them, or what to do."""
    counts = ", ".join(f"{number} {state}" for state, number in stale.old.items())
    nodes = [f"the old start task is still on {_nodes(sum(stale.old.values()))} ({counts})"] if stale.old else []
    nodes += [f"the start task failed on {_nodes(stale.failed)}"] if stale.failed else []
    return f"pool {stale.pool}: {', '.join(nodes)}; {_outcome(stale) if restart else _advice(stale)}"


def _outcome(stale: StaleNodes) -> str:
    later = f", {stale.rebooted_later} after their tasks" if stale.rebooted_later else ""
    return f"rebooting {stale.rebooted} now{later}"


def _advice(stale: StaleNodes) -> str:
    if stale.failed or set(stale.old) & set(REBOOTABLE):
        return "`shoal up --restart-nodes` reboots them, running ones after their tasks"
    return "`shoal nodes --recover` replaces those that are unusable"


def _nodes(number: int) -> str:
    return f"{number} node" if number == 1 else f"{number} nodes"
