"""Rules of a pool as a whole: what Azure would refuse, and what is doubtful. Pure."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from shoal.azure.images import image_doubt
from shoal.azure.limits import PACKAGES_PER_POOL

from ..argument_fault import ArgumentFault, Spelling
from . import (
    image_rules,
    pool_containers,
    pool_mounts,
    pool_scaling,
    pool_simulation,
    pool_start_task,
    size_rules,
    start_rules,
    upgrade_policy,
    user_accounts,
)
from .machine import ephemeral_disk_faults


def faults(pool: Mapping[str, Any], spelling: Spelling, today: date) -> Iterator[ArgumentFault]:
    """Yield the rules that a pool breaks. Its arguments are in the component's spelling, each of the right type."""
    yield from image_rules.faults(pool, spelling, today)
    yield from size_rules.faults(pool, spelling)
    yield from size_rules.retired(pool, spelling, today)
    yield from start_rules.faults(pool, spelling, today)
    yield from pool_scaling.faults(pool, spelling)
    yield from ephemeral_disk_faults(pool, spelling)
    for noun in (pool_containers, pool_start_task, pool_mounts, pool_simulation, user_accounts, upgrade_policy):
        yield from noun.faults(pool, spelling)
    if len(packages := pool.get("packages", ())) > PACKAGES_PER_POOL:
        yield ArgumentFault(text=f"has {len(packages)} packages; Batch allows {PACKAGES_PER_POOL}")


def doubts(pool: Mapping[str, Any], spelling: Spelling, today: date) -> list[str]:
    """Return warnings about a pool that may still be deployed."""
    warnings = [
        size_rules.doubt(pool, spelling),
        size_rules.retiring(pool, today),
        image_doubt(pool["image"], today) if "image" in pool else None,
    ]
    return [warning for warning in warnings if warning is not None]
