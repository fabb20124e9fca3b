"""All that may be wrong with a pool, or doubtful, whoever declares it. Pure."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from components import images, mounts, scaling, start_task, upgrade_policy, user_accounts, vm_sizes
from components.faults import Fault, Spelling
from components.machine import ephemeral_disk_faults

MOST_PACKAGES = 10
"""Source: Batch's limits, application packages of a pool."""


def faults(pool: Mapping[str, Any], spelt: Spelling, today: date) -> Iterator[Fault]:
    """Of a pool's arguments in the component's spelling, those left out that were not given."""
    yield from images.faults(pool, spelt, today)
    yield from vm_sizes.faults(pool, spelt)
    yield from scaling.faults(pool, spelt)
    yield from ephemeral_disk_faults(pool, spelt)
    for noun in (start_task, mounts, user_accounts, upgrade_policy):
        yield from noun.faults(pool, spelt)
    if len(packages := pool.get("packages", ())) > MOST_PACKAGES:
        yield Fault(text=f"has {len(packages)} packages; Batch allows {MOST_PACKAGES}")


def doubts(pool: Mapping[str, Any], spelt: Spelling, today: date) -> list[str]:
    found = [vm_sizes.doubt(pool, spelt), images.image_doubt(pool["image"], today) if "image" in pool else None]
    return [doubt for doubt in found if doubt is not None]
