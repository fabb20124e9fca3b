"""The virtual time of a simulated pool, which begins with the pool and passes `speed` times as fast as this machine's.

Clients see this machine's time everywhere. Virtual time is what a pool's formula sees, and what durations are in.
"""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson

from shoal.autoscale.simulation.simulated_names import METADATA, NODE_PREFIX
from shoal.azure.limits import SHORTEST_EVALUATION_INTERVAL
from shoal.local import times

if TYPE_CHECKING:
    from shoal.autoscale.simulation.simulated_pool import SimulatedPool
    from shoal.local.store.pool import Pool

MOST_NODES = 10_000
"""Simulated nodes of all pools together."""
MARK = METADATA.encode()


def is_simulated(node_id: str) -> bool:
    return node_id.startswith(NODE_PREFIX)


def of_pool(pool: "Pool") -> "SimulatedPool | None":
    """Return the simulation of a pool, or None where its nodes are real."""
    return of_definition(pool.definition)


def of_definition(definition: bytes) -> "SimulatedPool | None":
    """Return the simulation that a stored definition of a pool asks for, or None."""
    # The common case first: this is asked at every beat.
    return _of_definition(definition) if MARK in definition else None


@lru_cache
def _of_definition(definition: bytes) -> "SimulatedPool | None":
    return of_body(orjson.loads(definition))


def of_body(body: dict[str, Any]) -> "SimulatedPool | None":
    """Return the simulation that the body of a pool asks for, or None. Raises InputFault where the value is wrong."""
    value = next((item["value"] for item in body.get("metadata", ()) if item["name"] == METADATA), None)
    if value is None:
        return None
    from shoal.autoscale.simulation.simulated_pool import simulated_pool  # pydantic: for services that need it only

    return simulated_pool(value)


def real(simulation: "SimulatedPool", seconds: float) -> int:
    """Return the microseconds of this machine's time that virtual seconds take."""
    return round(seconds * times.SECOND / simulation.speed)


def virtual_moment(simulation: "SimulatedPool", created: int, now: int) -> int:
    """Return the virtual time of a pool, in microseconds."""
    return created + round((now - created) * simulation.speed)


def evaluation_interval(pool: "Pool") -> int:
    """Return the microseconds of this machine's time between two evaluations of a pool's formula.

    In virtual time no pool evaluates more often than one in Azure.
    """
    simulation = of_pool(pool)
    if simulation is None:
        return pool.evaluation_interval
    return round(max(pool.evaluation_interval, times.microseconds(SHORTEST_EVALUATION_INTERVAL)) / simulation.speed)


def stretch(definition: bytes, interval: int) -> float:
    """Return how many times faster than in Azure a pool with this definition and interval runs."""
    simulation = of_definition(definition)
    if simulation is not None:
        return simulation.speed
    return max(1.0, times.microseconds(SHORTEST_EVALUATION_INTERVAL) / interval)
