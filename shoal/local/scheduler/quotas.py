"""Quotas of an account, whose figures are conditions of the simulated cloud.

Source: Learn, "Batch service quotas and limits"; REST reference, "Batch status and error codes"; codes of resize errors
in Learn, "Azure Batch pool resizing failure".
"""

from shoal.azure.vm_sizes import VM_SIZES
from shoal.local import chaos, errors
from shoal.local.scheduler.loop import Transaction
from shoal.local.store.pool import Pool
from shoal.local.store.queries import integer, text
from shoal.local.store.states import JobState, NodeState

CORES_OF_OTHER_SIZES = 1
"""The cores of a size that is not in the table."""


def require_room_for_pool(tx: Transaction, account: str) -> None:
    """Raises BatchError PoolQuotaReached."""
    pools = tx.one(integer, "SELECT count(*) FROM pools WHERE account = ?", account) or 0
    if pools >= chaos.load(tx.connection).pool_quota:
        raise errors.conflict("PoolQuotaReached", "Pool quota for the account has been reached.")


def require_room_for_job(tx: Transaction, account: str) -> None:
    """Raises BatchError ActiveJobAndScheduleQuotaReached. Completed jobs do not count."""
    sql = "SELECT count(*) FROM jobs WHERE account = ? AND state NOT IN (?, ?)"
    jobs = tx.one(integer, sql, account, JobState.COMPLETED, JobState.DELETING) or 0
    if jobs >= chaos.load(tx.connection).active_job_quota:
        message = "Active job and schedule quota for the account has been reached."
        raise errors.conflict("ActiveJobAndScheduleQuotaReached", message)


def room_for_nodes(tx: Transaction, pool: Pool, *, dedicated: bool) -> int:
    """Return how many more nodes of the pool's size the account may have."""
    conditions = chaos.load(tx.connection)
    quota = conditions.dedicated_core_quota if dedicated else conditions.low_priority_core_quota
    sizes = tx.all(
        text,
        "SELECT json_extract(pools.definition, '$.vmSize') FROM nodes JOIN pools ON pools.key = nodes.pool"
        " WHERE pools.account = ? AND nodes.dedicated = ? AND nodes.state != ?",
        pool.account,
        dedicated,
        NodeState.LEAVING_POOL,
    )
    return max(0, quota - sum(map(_cores, sizes))) // _cores(pool.body()["vmSize"])


def _cores(vm_size: str) -> int:
    size = VM_SIZES.get(vm_size)
    return CORES_OF_OTHER_SIZES if size is None else size.cores
