"""Pools of a stack as the rows that `shoal pools` shows: nodes, targets, slots, formula and cost now."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from azure.batch import BatchClient
from azure.batch.models import BatchPool

from shoal.azure.prices import LINUX_PRICES, NodePrice
from shoal.connect import plain_word
from shoal.environment import Environment, OperatingSystem, Pool
from shoal.nodes.simulated_pool import has_simulation
from shoal.runs.why.evidence import Fault, FormulaRun
from shoal.runs.why.pool_reading import COLUMNS, pool_facts

TARGETS = ("$TargetDedicatedNodes", "$TargetLowPriorityNodes", "$TargetLowPriority")
GONE = "gone"
"""State of a pool that the stack has and Batch does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormulaResult:
    at: datetime | None
    targets: str
    """`$TargetDedicatedNodes=0;$TargetLowPriorityNodes=2`, without the formula's own variables."""
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolRow:
    pool: str
    id: str
    vm_size: str
    state: str
    """`active`, `deleting` or, where Batch has no such pool, `gone`."""
    allocation: str | None
    dedicated: int = 0
    target_dedicated: int = 0
    spot: int = 0
    target_spot: int = 0
    slots: int = 0
    """Task slots of all nodes that the pool has now."""
    resize_errors: tuple[str, ...] = ()
    formula: FormulaResult | None = None
    """Result of the last evaluation. None for a pool of a fixed size, and before the first evaluation."""
    is_autoscaled: bool = False
    has_simulation: bool = False
    """True where its metadata has a simulation, which means nothing in Azure."""
    cost_per_hour: float | None = None
    """Cost of the present nodes in Azure. None where the size has no known price."""


def pools(client: BatchClient, environment: Environment) -> Iterator[PoolRow]:
    """List the pools of the stack by one request. A pool that Batch does not have is listed as gone."""
    return pool_rows(environment, present_pools(client))


def present_pools(client: BatchClient) -> dict[str, BatchPool]:
    """Return all pools of the account by their ids in lower case, as Batch compares them."""
    columns = [*COLUMNS, "vmSize", "applicationPackageReferences", "metadata"]
    return {str(pool.id).lower(): pool for pool in client.list_pools(select=columns)}


def pool_rows(environment: Environment, present: Mapping[str, BatchPool]) -> Iterator[PoolRow]:
    for name, pool in environment.pools.items():
        found = present.get(pool.id.lower())
        yield _gone(name, pool) if found is None else pool_row(name, pool, found)


def cost_per_hour(pool: Pool, *, dedicated: int, spot: int) -> float | None:
    """Return the price of these nodes for an hour, or None where it is not known."""
    price = price_of(pool)
    if price is None:
        return None
    return round(price.cost(dedicated_hours=dedicated, spot_hours=spot), 4)


def price_of(pool: Pool) -> NodePrice | None:
    """Return the price of a node, or None where it is not known."""
    return LINUX_PRICES.get(pool.vm_size.lower()) if pool.operating_system is OperatingSystem.LINUX else None


def _gone(name: str, pool: Pool) -> PoolRow:
    return PoolRow(pool=name, id=pool.id, vm_size=pool.vm_size, state=GONE, allocation=None)


def pool_row(name: str, pool: Pool, found: BatchPool) -> PoolRow:
    facts = pool_facts(found)
    return PoolRow(
        pool=name,
        id=facts.id,
        vm_size=pool.vm_size,
        state=facts.state,
        allocation=plain_word(found.allocation_state),
        dedicated=facts.current.dedicated,
        target_dedicated=facts.targets.dedicated,
        spot=facts.current.low_priority,
        target_spot=facts.targets.low_priority,
        slots=facts.nodes * facts.slots_per_node,
        resize_errors=tuple(map(_fault, facts.resize_faults)),
        formula=formula_result(facts.run) if facts.run else None,
        is_autoscaled=facts.formula is not None,
        has_simulation=has_simulation(found),
        cost_per_hour=cost_per_hour(pool, dedicated=facts.current.dedicated, spot=facts.current.low_priority),
    )


def formula_result(run: FormulaRun) -> FormulaResult:
    results = (pair.strip() for pair in run.results.split(";"))
    targets = ";".join(pair for pair in results if pair.partition("=")[0].strip() in TARGETS)
    return FormulaResult(at=run.at, targets=targets, error=_fault(run.fault) if run.fault else None)


def _fault(fault: Fault) -> str:
    return ": ".join(filter(None, (fault.code, fault.message)))
