"""All that may be wrong with a pool, or doubtful, whoever declares it. Pure."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from shoal.azure.images import image_doubt
from shoal.azure.limits import PACKAGES_PER_POOL

from . import image_rules, mounts, pool_scaling, size_rules, start_task, upgrade_policy, user_accounts
from .fault import Fault, Spelling
from .machine import ephemeral_disk_faults


def faults(pool: Mapping[str, Any], spelt: Spelling, today: date) -> Iterator[Fault]:
    """Of a pool's arguments in the component's spelling, those left out that were not given."""
    yield from image_rules.faults(pool, spelt, today)
    yield from size_rules.faults(pool, spelt)
    yield from pool_scaling.faults(pool, spelt)
    yield from ephemeral_disk_faults(pool, spelt)
    for noun in (start_task, mounts, user_accounts, upgrade_policy):
        yield from noun.faults(pool, spelt)
    if len(packages := pool.get("packages", ())) > PACKAGES_PER_POOL:
        yield Fault(text=f"has {len(packages)} packages; Batch allows {PACKAGES_PER_POOL}")


def doubts(pool: Mapping[str, Any], spelt: Spelling, today: date) -> list[str]:
    found = [size_rules.doubt(pool, spelt), image_doubt(pool["image"], today) if "image" in pool else None]
    return [doubt for doubt in found if doubt is not None]
