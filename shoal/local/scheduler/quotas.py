"""Quotas of an account, whose figures are conditions of the simulated cloud.

Source: Learn, "Batch service quotas and limits"; REST reference, "Batch status and error codes"; codes of resize errors
in Learn, "Azure Batch pool resizing failure".
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from shoal.autoscale.simulation.simulated_names import NODE_PREFIX
from shoal.azure.vm_sizes import VM_SIZES
from shoal.local import chaos, errors
from shoal.local.scheduler import machine
from shoal.local.scheduler.loop import Transaction
from shoal.local.simulation import pool_clock
from shoal.local.simulation.pool_clock import MOST_NODES
from shoal.local.store.account import Account
from shoal.local.store.pool import Pool
from shoal.local.store.queries import integer, text
from shoal.local.store.states import JobState, NodeState

CORES_OF_OTHER_SIZES = 1
"""The cores of a size that is not in the table."""
DEDICATED_QUOTA_REACHED = {
    "code": "AccountCoreQuotaReached",
    "message": "The specified account has reached core quota",
}
SPOT_QUOTA_REACHED = {
    "code": "AccountLowPriorityCoreQuotaReached",
    "message": "The specified account has reached low priority core quota",
}
ALLOCATION_FAILED = "AllocationFailed"
"""Azure's code where a region has no machines left."""
FAMILY_QUOTA_REACHED = "AccountVMSeriesCoreQuotaReached"
"""Codes and messages as users report them, in azure-docs issue 53298 for example."""
SIZE = re.compile(r"standard_(?P<series>[a-z]+)\d+(-\d+)?(?P<features>[a-z]+)?(_[a-z0-9]+?)??(_(?P<version>v\d+))?")


def require_room_for_pool(tx: Transaction, account: str) -> None:
    """Raises BatchError PoolQuotaReached."""
    pools = tx.one(integer, "SELECT count(*) FROM pools WHERE account = ?", account) or 0
    if pools >= chaos.load(tx.connection).pool_quota:
        raise errors.conflict("PoolQuotaReached", "Pool quota for the account has been reached.")


def require_room_for_job(tx: Transaction, account: str) -> None:
    """Raises BatchError ActiveJobAndScheduleQuotaReached. Completed jobs and schedules do not count."""
    sql = (
        "SELECT (SELECT count(*) FROM jobs WHERE account = ?1 AND state NOT IN (?2, ?3))"
        " + (SELECT count(*) FROM job_schedules WHERE account = ?1 AND state NOT IN (?2, ?3))"
    )
    used = tx.one(integer, sql, account, JobState.COMPLETED, JobState.DELETING) or 0
    if used >= chaos.load(tx.connection).active_job_quota:
        message = "Active job and schedule quota for the account has been reached."
        raise errors.conflict("ActiveJobAndScheduleQuotaReached", message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The nodes that an account may still have of one size, and the resize error for what exceeds them."""

    nodes: int
    code: str
    message: str


def room_for_nodes(tx: Transaction, pool: Pool, *, dedicated: bool) -> Room:
    """Return the room for nodes of the pool's size: the least that a quota or this machine leaves."""
    machine_room = _room_on_machine(tx) if pool_clock.of_pool(pool) is None else _room_in_simulation(tx)
    if Account.get(tx.connection, pool.account).in_user_subscription:
        return machine_room
    return min(machine_room, _room_in_account(tx, pool, dedicated=dedicated), key=lambda room: room.nodes)


def _room_on_machine(tx: Transaction) -> Room:
    most = machine.most_nodes()
    return Room(
        nodes=max(0, most - _present_nodes(tx, simulated=False)),
        code=ALLOCATION_FAILED,
        message=f"Desired number of nodes could not be allocated: this machine has memory for {most} nodes",
    )


def _room_in_simulation(tx: Transaction) -> Room:
    return Room(
        nodes=max(0, MOST_NODES - _present_nodes(tx, simulated=True)),
        code=ALLOCATION_FAILED,
        message=f"Desired number of nodes could not be allocated: at most {MOST_NODES} nodes are simulated",
    )


def _present_nodes(tx: Transaction, *, simulated: bool) -> int:
    """Count the nodes of all pools, of either kind, that are not leaving."""
    sql = "SELECT count(*) FROM nodes WHERE state != ? AND (substr(id, 1, ?) = ?) = ?"
    return tx.one(integer, sql, NodeState.LEAVING_POOL, len(NODE_PREFIX), NODE_PREFIX, simulated) or 0


def _room_in_account(tx: Transaction, pool: Pool, *, dedicated: bool) -> Room:
    conditions = chaos.load(tx.connection)
    size = pool.body()["vmSize"]
    sizes = tx.all(
        text,
        "SELECT json_extract(pools.definition, '$.vmSize') FROM nodes JOIN pools ON pools.key = nodes.pool"
        " WHERE pools.account = ? AND nodes.dedicated = ? AND nodes.state != ?",
        pool.account,
        dedicated,
        NodeState.LEAVING_POOL,
    )
    if not dedicated:
        return Room(nodes=_fitting(conditions.low_priority_core_quota, sizes, size), **SPOT_QUOTA_REACHED)
    whole = Room(nodes=_fitting(conditions.dedicated_core_quota, sizes, size), **DEDICATED_QUOTA_REACHED)
    family = vm_family(size)
    of_family = [other for other in sizes if vm_family(other) == family]
    part = Room(
        nodes=_fitting(conditions.vm_family_core_quota, of_family, size),
        code=FAMILY_QUOTA_REACHED,
        message=f"The specified account has reached VM series core quota for {family}",
    )
    return min(whole, part, key=lambda room: room.nodes)


def vm_families() -> list[str]:
    """Return the families of all sizes that are known here."""
    return sorted({vm_family(size) for size in VM_SIZES})


@cache
def vm_family(vm_size: str) -> str:
    """Return the name of a size's family in quotas: `standardDSv3Family` for `standard_d2s_v3`.

    Source: Azure's naming conventions of VM sizes, and the names that `az vm list-usage` lists.
    """
    match = SIZE.fullmatch(vm_size.lower())
    if match is None:
        return f"{vm_size}Family"
    # A sizes with more memory, Am_v2, count with the others of their version.
    features = "" if match["series"] == "a" else match["features"] or ""
    return f"standard{match['series'].upper()}{features.upper()}{match['version'] or ''}Family"


def _fitting(quota: int, sizes: Sequence[str], size: str) -> int:
    return max(0, quota - sum(map(cores, sizes))) // cores(size)


def cores(vm_size: str) -> int:
    """Return the cores of a size."""
    size = VM_SIZES.get(vm_size)
    return CORES_OF_OTHER_SIZES if size is None else size.cores
