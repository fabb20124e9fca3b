"""Pools of the embedded service whose nodes are simulated."""

from azure.batch.models import BatchPool

from shoal.autoscale.simulation.simulated_names import METADATA

RUNS_NOTHING = "is simulated: its tasks run nothing and leave no outputs"


def has_simulation(pool: BatchPool) -> bool:
    """Return True where the pool's metadata has a simulation, which means nothing in Azure."""
    return any(item.name == METADATA for item in pool.metadata or ())
