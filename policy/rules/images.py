"""A rule on images: none whose support ends soon."""

from collections.abc import Iterator

from rules.rule import POOL, Circumstances, Inputs, Level, Rule, Setting
from shoal.azure.images import IMAGES, Image


def _ending(_type: str, pool: Inputs, circumstances: Circumstances) -> Iterator[str]:
    deployment = pool.get("deploymentConfiguration") or {}
    reference = (deployment.get("virtualMachineConfiguration") or {}).get("imageReference")
    found = _known(reference or {})
    if found is None:
        return
    name, image = found
    days = (image.end_of_life - circumstances.today).days
    if days < 0:
        yield f"{name} has had no support since {image.end_of_life}; choose another image"
    elif days < circumstances.settings["days"]:
        yield f"the support of {name} ends on {image.end_of_life}, in {days} days; choose another image"


def _known(reference: Inputs) -> tuple[str, Image] | None:
    """By its friendly name; None for an image that the table does not have."""
    asked = tuple(str(reference.get(part, "")).lower() for part in ("publisher", "offer", "sku"))
    known = ((name, image) for name, image in IMAGES.items() if (image.publisher, image.offer, image.sku) == asked)
    return next(known, None)


IMAGE_SUPPORTED = Rule(
    name="image-supported",
    reason="When the support of an image ends, Batch stops making nodes from it, and a pool that was well has none.",
    level=Level.ADVISORY,
    types=(POOL,),
    violations=_ending,
    settings=(Setting(name="days", default=90, meaning="before the end of its support that an image may be used"),),
)
