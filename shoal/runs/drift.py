"""Differences between a stack as it was deployed and its account as it is now. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from azure.batch.models import BatchPool

from shoal.autoscale.formula_digest import formula_digest
from shoal.environment import Environment, Pool
from shoal.runs.package_listing import GONE, PackageRow, reference_key

PUTS_BACK = "`shoal up` puts it back; to keep it, change the stack's file."


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    subject: str
    """`pool spot`, `package var`."""
    finding: str
    step: str
    """A command that mends it, in a sentence."""


def drift(environment: Environment, present: Mapping[str, BatchPool], packages: Iterable[PackageRow]) -> list[Drift]:
    """Return what was changed since the last deployment. `present` are the account's pools by ids in lower case."""
    pools: list[Drift] = []
    for name, pool in environment.pools.items():
        now = present.get(pool.id.lower())
        pools += _gone(name, pool) if now is None else _pool_drift(name, pool, now, environment)
    return [*pools, *_package_drift(packages)]


def other_pools(environment: Environment, present: Mapping[str, BatchPool]) -> list[str]:
    """Return the ids of the account's pools that are none of the stack's."""
    own = {pool.id.lower() for pool in environment.pools.values()}
    return sorted(str(pool.id) for key, pool in present.items() if key not in own)


def _gone(name: str, pool: Pool) -> list[Drift]:
    finding = f"was deployed as {pool.id}, and the account does not have it any more"
    return [Drift(subject=f"pool {name}", finding=finding, step="`shoal up` makes it again.")]


def _pool_drift(name: str, pool: Pool, now: BatchPool, environment: Environment) -> Iterator[Drift]:
    def differs(finding: str, step: str = PUTS_BACK) -> Drift:
        return Drift(subject=f"pool {name}", finding=finding, step=step)

    size, slots = str(now.vm_size or ""), now.task_slots_per_node
    if size and size.lower() != pool.vm_size.lower():
        yield differs(f"has nodes of {size}, and was deployed with {pool.vm_size}", "`shoal up` replaces the pool.")
    if slots is not None and slots != pool.task_slots_per_node:
        finding = f"has {slots} task slots a node, and was deployed with {pool.task_slots_per_node}"
        yield differs(finding, "`shoal up` replaces the pool.")
    yield from map(differs, _scaling_findings(pool, now))
    yield from map(differs, _reference_findings(now, environment))


def _scaling_findings(pool: Pool, now: BatchPool) -> Iterator[str]:
    formula = (now.auto_scale_formula or "") if now.enable_auto_scale else None
    targets = (now.target_low_priority_nodes or 0, now.target_dedicated_nodes or 0)
    deployed = (pool.spot_nodes or 0, pool.dedicated_nodes or 0)
    if pool.formula_digest is not None:
        if formula is None:
            yield f"was deployed with a formula, and somebody gave it a fixed size of {_nodes(*targets)}"
        elif formula_digest(formula) != pool.formula_digest:
            yield "has another formula than the one that was deployed"
    elif pool.spot_nodes is not None or pool.dedicated_nodes is not None:
        if formula is not None:
            yield f"was deployed with {_nodes(*deployed)}, and somebody gave it a formula"
        elif targets != deployed:
            yield f"is to have {_nodes(*targets)}, and was deployed with {_nodes(*deployed)}"


def _nodes(spot: float, dedicated: float) -> str:
    return f"{spot:g} Spot and {dedicated:g} dedicated nodes"


def _reference_findings(now: BatchPool, environment: Environment) -> Iterator[str]:
    """Yield packages of the stack that nodes get in another version."""
    deployed = {package.application.lower(): package.version for package in environment.packages.values()}
    for reference in now.application_package_references or ():
        application, version = reference_key(reference.application_id, reference.version or "")
        if application in deployed and version != deployed[application]:
            given = f"version {version}" if version else "the default version"
            yield f"gives its nodes {given} of package {application}, and version {deployed[application]} was deployed"


def _package_drift(packages: Iterable[PackageRow]) -> Iterator[Drift]:
    for row in packages:
        if row.state != "active":
            lack = "is not in the account any more" if row.state == GONE else f"is {row.state}, not active"
            finding = f"version {row.version} {lack}: nodes cannot get it"
            yield Drift(subject=f"package {row.package}", finding=finding, step="`shoal up` uploads it again.")
