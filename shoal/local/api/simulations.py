"""The check of pools that are to be simulated."""

from typing import Any

from shoal.autoscale.errors import InputFault
from shoal.local import errors
from shoal.local.simulation import pool_clock


def check(pool: dict[str, Any]) -> None:
    """Check the metadata by which a pool is simulated. Raises BatchError where they cannot be read."""
    try:
        pool_clock.of_body(pool)
    except InputFault as fault:
        raise errors.invalid_property("metadata", None, str(fault)) from None
