"""Pools of the embedded service whose nodes are simulated."""

from azure.batch.models import BatchPool
from azure.core.exceptions import ResourceNotFoundError

from shoal.autoscale.simulation.simulated_names import METADATA
from shoal.connect import Services

RUNS_NOTHING = "is simulated: its tasks run nothing and leave no outputs"


def has_simulation(pool: BatchPool) -> bool:
    """Return True where the pool's metadata has a simulation, which means nothing in Azure."""
    return any(item.name == METADATA for item in pool.metadata or ())


def simulated_pool_of(services: Services, job_id: str) -> str | None:
    """Return the id of the job's pool where that is simulated, and None where either is gone."""
    if not services.environment.is_embedded:
        return None
    try:
        info = services.batch.get_job(job_id, select=["poolInfo", "executionInfo"]).execution_info
        pool_id = info.pool_id if info else None
        if not pool_id:
            return None
        pool = services.batch.get_pool(pool_id, select=["id", "metadata"])
    except ResourceNotFoundError:
        return None
    return pool_id if has_simulation(pool) else None
