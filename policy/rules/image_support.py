"""A rule on images: no image whose support ends soon."""

from collections.abc import Iterator

from rules.rule import POOL, Circumstances, Inputs, Level, ResourceRule, Setting
from shoal.azure.images import IMAGES, Image


def _ending(_type: str, pool: Inputs, circumstances: Circumstances) -> Iterator[str]:
    deployment = pool.get("deploymentConfiguration") or {}
    reference = (deployment.get("virtualMachineConfiguration") or {}).get("imageReference")
    known = _known(reference or {})
    if known is None:
        return
    name, image = known
    days = (image.end_of_life - circumstances.today).days
    if days < 0:
        yield f"{name} has been unsupported since {image.end_of_life}; choose another image"
    elif days < circumstances.settings["days"]:
        yield f"support for {name} ends on {image.end_of_life}, in {days} days; choose another image"


def _known(reference: Inputs) -> tuple[str, Image] | None:
    """Return the image with its short name, or None for an image that the table does not have."""
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
