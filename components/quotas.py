"""What a Batch account may have at most, held against what a stack asks of it. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quotas:
    """None where Azure counts for the whole subscription instead, as for accounts that allocate pools there."""

    dedicated_cores: int | None
    spot_cores: int | None
    pools: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    pool: str
    has_spot_nodes: bool
    has_dedicated_nodes: bool


def demand(name: str, pool: Mapping[str, object]) -> Demand:
    """Of a pool's arguments; what a formula of its own asks for is not known."""
    if "auto_scale_formula" in pool:
        return Demand(pool=name, has_spot_nodes=False, has_dedicated_nodes=False)
    if "spot_nodes" in pool or "dedicated_nodes" in pool:
        return Demand(
            pool=name,
            has_spot_nodes=pool.get("spot_nodes", 0) != 0,
            has_dedicated_nodes=pool.get("dedicated_nodes", 0) != 0,
        )
    return Demand(pool=name, has_spot_nodes=True, has_dedicated_nodes=pool.get("max_dedicated_nodes") != 0)


def shortfalls(quotas: Quotas, demands: Iterable[Demand]) -> list[str]:
    """What can be said without knowing how many cores a VM size has."""
    demands = list(demands)
    found = [
        f"pool {demand.pool} may have {kind} nodes, and the account's quota of {kind} cores is 0"
        for demand in demands
        for kind, wanted, cores in (
            ("Spot", demand.has_spot_nodes, quotas.spot_cores),
            ("dedicated", demand.has_dedicated_nodes, quotas.dedicated_cores),
        )
        if wanted and cores == 0
    ]
    if quotas.pools is not None and len(demands) > quotas.pools:
        found.append(f"the stack has {len(demands)} pools, and the account's quota is {quotas.pools}")
    return found
