"""Rules of an image and a VM size together: the image must start on the hardware. Pure."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from shoal.azure.hardware import AS_OF, Hardware, start_fault
from shoal.azure.images import IMAGES, starting_on

from ..argument_fault import ArgumentFault, Spelling
from .size_rules import vm_size


def faults(pool: Mapping[str, Any], spelling: Spelling, today: date) -> Iterator[ArgumentFault]:
    """Yield an image of the table that does not start on a size of the table. The tables refuse nothing else."""
    image, size = IMAGES.get(pool.get("image", "")), vm_size(pool)
    if image is None or size is None:
        return
    if reason := start_fault(size.hardware, image.architecture, image.generation):
        text = f"is {pool['image']}, but {pool['vm_size']} {reason} (table of {AS_OF}, docs/pools.md); "
        yield ArgumentFault(at=spelling("image"), text=text + _allowed(size.hardware, spelling, today))


def _allowed(hardware: Hardware, spelling: Spelling, today: date) -> str:
    if images := starting_on(hardware, today):
        return f"it must be one of {', '.join(images)}, or {spelling('vm_size')} another"
    own, agent, size = map(spelling, ("image_id", "node_agent_sku_id", "vm_size"))
    return f"give {own} and {agent} for an {hardware.architecture} image of your own, or another {size}"
