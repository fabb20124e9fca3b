"""The metadata by which a pool of the embedded service is simulated."""

from collections.abc import Iterator, Mapping
from typing import Any

from shoal.autoscale.errors import InputFault
from shoal.autoscale.simulation.simulated_names import METADATA
from shoal.autoscale.simulation.simulated_pool import simulated_pool

from ..argument_fault import ArgumentFault, Spelling


def is_simulated(pool: Mapping[str, Any]) -> bool:
    return METADATA in pool.get("metadata", {})


def faults(pool: Mapping[str, Any], spelling: Spelling) -> Iterator[ArgumentFault]:
    """Yield the reason why the service would refuse the simulation, in its own words."""
    if not is_simulated(pool):
        return
    try:
        simulated_pool(pool["metadata"][METADATA])
    except InputFault as fault:
        yield ArgumentFault(at=spelling("metadata"), text=str(fault))
