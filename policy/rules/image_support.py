"""Rules on images: none whose support ends soon, and none that does not start on its VM size."""

from collections.abc import Iterator

from rules.rule import POOL, Circumstances, Inputs, Level, ResourceRule, Setting
from shoal.azure.hardware import AS_OF, start_fault
from shoal.azure.images import IMAGES, Image
from shoal.azure.vm_sizes import VM_SIZES


def _ending(_type: str, pool: Inputs, circumstances: Circumstances) -> Iterator[str]:
    known = _known(pool)
    if known is None:
        return
    name, image = known
    days = (image.end_of_life - circumstances.today).days
    if days < 0:
        yield f"{name} has been unsupported since {image.end_of_life}; choose another image"
    elif days < circumstances.settings["days"]:
        yield f"support for {name} ends on {image.end_of_life}, in {days} days; choose another image"


def _not_starting(_type: str, pool: Inputs, _circumstances: Circumstances) -> Iterator[str]:
    known, size = _known(pool), VM_SIZES.get(str(pool.get("vmSize", "")).lower())
    if known is None or size is None:
        return
    name, image = known
    if reason := start_fault(size.hardware, image.architecture, image.generation):
        yield f"its image is {name}, but {pool['vmSize']} {reason} (table of {AS_OF}); choose another size or image"


def _known(pool: Inputs) -> tuple[str, Image] | None:
    """Return the pool's image with its short name, or None for an image that the table does not have."""
    deployment = pool.get("deploymentConfiguration") or {}
    reference = (deployment.get("virtualMachineConfiguration") or {}).get("imageReference") or {}
    identity = tuple(str(reference.get(part, "")).lower() for part in ("publisher", "offer", "sku"))
    known = ((name, image) for name, image in IMAGES.items() if (image.publisher, image.offer, image.sku) == identity)
    return next(known, None)


IMAGE_SUPPORTED = ResourceRule(
    name="image-supported",
    reason="When support for an image ends, Batch stops creating nodes from it, and a working pool gets no more nodes.",
    level=Level.ADVISORY,
    types=(POOL,),
    violations=_ending,
    settings=(Setting(name="days", default=90, meaning="days of support that an image must have left"),),
)

IMAGE_STARTS = ResourceRule(
    name="image-starts",
    reason="A node whose image is of another generation or architecture than its VM size never starts.",
    level=Level.MANDATORY,
    types=(POOL,),
    violations=_not_starting,
)
