"""The check of pools that are to be simulated."""

from typing import Any

from shoal.autoscale.errors import InputFault
from shoal.local import errors
from shoal.local.simulation import pool_clock


def check(pool: dict[str, Any]) -> None:
    """Raises BatchError InvalidPropertyValue where the pool's metadata holds no simulation that can be read."""
    try:
        pool_clock.of_body(pool)
    except InputFault as fault:
        raise errors.invalid_property("metadata", None, str(fault)) from None
