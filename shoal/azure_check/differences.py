"""Differences between what the service offers, what a stack's pools use, and our tables. Pure; the service wins."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from shoal.azure import images
from shoal.azure.images import IMAGES, WARNED_BEFORE, Image
from shoal.azure.vm_sizes import VM_SIZES, VmSize
from shoal.azure_check.offer import Offer, OfferedImage, OfferedSize, UsedPool, image_id


def pool_faults(offer: Offer, pools: Sequence[UsedPool], today: date) -> Iterator[str]:
    """Yield what the service does not offer, or not for long, and a pool uses."""
    offered = {(image.id, image.node_agent): image for image in offer.images}
    sizes = {size.name: size for size in offer.sizes}
    for pool in pools:
        if pool.image is not None:
            image = offered.get((pool.image, str(pool.node_agent)))
            text = f"image {pool.image} with node agent {pool.node_agent}"
            yield from _use_faults(pool, text, image, today)
        yield from _use_faults(pool, f"vmSize {pool.vm_size}", sizes.get(pool.vm_size), today)


def _use_faults(pool: UsedPool, text: str, use: OfferedImage | OfferedSize | None, today: date) -> Iterator[str]:
    if use is None:
        yield f"pool {pool.name}: the service does not offer {text} here"
    elif use.end_of_life is not None and (use.end_of_life - today) <= WARNED_BEFORE:
        yield f"pool {pool.name}: the service supports {text} until {use.end_of_life}"


def table_differences(
    offer: Offer,
    today: date,
    *,
    known_images: Mapping[str, Image] = IMAGES,
    known_sizes: Mapping[str, VmSize] = VM_SIZES,
) -> Iterator[str]:
    """Yield where our tables and the service disagree. Images past their end are not expected any more."""
    offered = {(image.id, image.node_agent): image for image in offer.images}
    for name, image in known_images.items():
        if today <= image.end_of_life:
            key = (image_id(image.publisher, image.offer, image.sku), image.node_agent)
            yield from _image_differences(name, image, offered.get(key))
    sizes = {size.name: size for size in offer.sizes}
    yield from _size_differences(known_sizes, sizes)
    if missing := sorted(known_sizes.keys() - sizes.keys()):
        yield f"{len(missing)} VM sizes of our table are not offered in this region: {', '.join(missing)}"


def _image_differences(name: str, image: Image, offered: OfferedImage | None) -> Iterator[str]:
    if offered is None:
        yield f"image {name}: the service does not offer {image.publisher}:{image.offer}:{image.sku}"
    elif offered.end_of_life is not None and offered.end_of_life != image.end_of_life:
        yield (
            f"image {name}: supported until {offered.end_of_life} by the service, {image.end_of_life} by our table "
            f"({image.source}; {images.AS_OF})"
        )


def _size_differences(known: Mapping[str, VmSize], offered: Mapping[str, OfferedSize]) -> Iterator[str]:
    for name in known.keys() & offered.keys():
        size, other = known[name], offered[name]
        if other.cores is not None and other.cores != size.cores:
            yield f"{name}: {other.cores} cores by the service, {size.cores} by our table"
        end = size.retirement.on if size.retirement else None
        if other.end_of_life is not None and other.end_of_life != end:
            yield f"{name}: supported until {other.end_of_life} by the service, {end or 'no known day'} by our table"
