"""Quotas of a Batch account, compared with the most that a stack may use. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shoal.autoscale.scenarios import PendingTasks

from ..pool.size_rules import vm_size


@dataclass(frozen=True, slots=True)
class Quotas:
    """Quotas of an account; None where Azure counts for the whole subscription instead."""

    dedicated_cores: int | None
    spot_cores: int | None
    pools: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    pool: str
    vm_size: str
    cores: int | None
    """Cores of a node; None if the size is not known."""
    spot_nodes: int
    """Most Spot nodes."""
    dedicated_nodes: int
    """Most dedicated nodes."""


def demand(name: str, pool: Mapping[str, Any]) -> Demand:
    """Return the most that a pool may use."""
    size = vm_size(pool)
    spot, dedicated = _most_nodes(pool)
    return Demand(
        pool=name,
        vm_size=str(pool["vm_size"]),
        cores=size.cores if size else None,
        spot_nodes=spot,
        dedicated_nodes=dedicated,
    )


def _most_nodes(pool: Mapping[str, Any]) -> tuple[int, int]:
    """Return the most Spot and dedicated nodes; none for a pool with its own formula, whose results are not known."""
    if "auto_scale_formula" in pool:
        return 0, 0
    if "spot_nodes" in pool or "dedicated_nodes" in pool:
        return _known(pool.get("spot_nodes", 0)), _known(pool.get("dedicated_nodes", 0))
    limits = PendingTasks()
    return (
        pool.get("max_spot_nodes", limits.max_spot_nodes),
        pool.get("max_dedicated_nodes", limits.max_dedicated_nodes),
    )


def _known(nodes: Any) -> int:
    """Return the number, or 1 for one that only the deployment knows."""
    return nodes if isinstance(nodes, int) else 1


def shortfalls(quotas: Quotas, demands: Iterable[Demand]) -> list[str]:
    """Return sentences about nodes that would never start, and pools that Azure would refuse."""
    demands = list(demands)
    return [*_core_shortfalls(quotas, demands), *_pool_shortfalls(quotas, demands)]


def _core_shortfalls(quotas: Quotas, demands: Sequence[Demand]) -> Iterator[str]:
    for demand in demands:
        for kind, nodes, quota in (
            ("Spot", demand.spot_nodes, quotas.spot_cores),
            ("dedicated", demand.dedicated_nodes, quotas.dedicated_cores),
        ):
            if quota is not None and (text := _shortfall(demand, kind, nodes, quota)):
                yield text


def _shortfall(demand: Demand, kind: str, nodes: int, quota: int) -> str | None:
    if not nodes:
        return None
    # Said for itself, because it holds whatever the cores of a node are.
    if quota == 0:
        return f"pool {demand.pool} may have {kind} nodes, and the account's quota of {kind} cores is 0"
    if demand.cores is None or nodes * demand.cores <= quota:
        return None
    return (
        f"pool {demand.pool} may have {nodes} {kind} nodes of {demand.vm_size}, which are {nodes * demand.cores} cores,"
        f" and the account's quota of {kind} cores is {quota}, enough for {quota // demand.cores} nodes"
    )


def _pool_shortfalls(quotas: Quotas, demands: Sequence[Demand]) -> Iterator[str]:
    if quotas.pools is not None and len(demands) > quotas.pools:
        yield f"the stack has {len(demands)} pools, and the account's quota is {quotas.pools}"
