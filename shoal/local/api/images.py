"""Checks the image of a pool and its node agent.

Source: answers recorded in the tests of azure-cli, api-versions 2020-03-01.11.0 to 2024-02-01.19.0.
"""

import re
from typing import Any

from shoal.azure.images import IMAGES
from shoal.local import errors

PUBLISHERS = frozenset(
    {
        *(image.publisher for image in IMAGES.values()),
        "batch",
        "credativ",
        "microsoft-ads",
        "microsoftcblmariner",
        "microsoftwindowsdesktop",
        "oracle",
        "redhat",
        "resf",
        "suse",
        "xilinx",
    }
)
"""Publishers of images that Batch lists or has listed, in `list_supported_images`, 2016 to 2026. Which of their images
an account has today is not known here."""
GALLERY_IMAGE = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Compute/galleries/[^/]+/images/[^/]+"
    r"(/versions/[^/]+)?",
    re.IGNORECASE,
)
GALLERY_FORM = (
    "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Compute/galleries/"
    "{galleryName}/images/{galleryImageName}"
)

IDS = ("virtualMachineImageId", "sharedGalleryImageId", "communityGalleryImageId")
MARKETPLACE = ("publisher", "offer", "sku")
IMAGE = "virtualMachineConfiguration.imageReference"
NODE_AGENT = re.compile(r"batch\.node\..+", re.IGNORECASE)
"""Source: the node agents that Batch lists with its images."""
VM_SIZE = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
"""Source: Learn, virtual machine naming conventions."""


def check_size(size: str) -> None:
    """Raises BatchError InvalidPropertyValue where a text is no VM size at all. Which ones there are is not known."""
    if not VM_SIZE.fullmatch(size):
        raise errors.invalid_property("vmSize", size, "a VM size such as standard_d2s_v3 is expected")


def is_windows(machine: dict[str, Any]) -> bool:
    """Return True where the nodes of a virtualMachineConfiguration have Windows."""
    return "windows" in machine.get("nodeAgentSKUId", "").lower()


def check(machine: dict[str, Any]) -> None:
    """Raises BatchError InvalidPropertyValue. `machine` is a virtualMachineConfiguration."""
    if not machine:
        return
    image = machine["imageReference"]
    _check_kind(image)
    if not NODE_AGENT.fullmatch(agent := machine["nodeAgentSKUId"]):
        reason = "the SKU of a node agent begins with batch.node."
        raise errors.invalid_property("virtualMachineConfiguration.nodeAgentSKUId", agent, reason)
    if "publisher" in image:
        _check_marketplace(image, machine.get("nodeAgentSKUId", ""))
    if (image_id := image.get("virtualMachineImageId")) and not GALLERY_IMAGE.fullmatch(image_id):
        forms = f"{GALLERY_FORM}/versions/{{galleryImageVersionName}} or {GALLERY_FORM}"
        reason = f"The specified resource id must be of the format {forms}"
        raise errors.invalid_property("virtualMachineImageId", image_id, reason)


def _check_kind(image: dict[str, Any]) -> None:
    """Raises BatchError where an image is named in no way, or in two.

    Source: azure-batch 15.1, BatchVmImageReference; ARM reference, ImageReference, id.
    """
    ids = [name for name in IDS if name in image]
    names = [name for name in MARKETPLACE if name in image]
    if not ids and not names:
        expected = f"{', '.join(MARKETPLACE)}, or one of {', '.join(IDS)}, are expected"
        raise errors.invalid_property(IMAGE, None, expected)
    if len(ids) > 1 or (ids and names):
        raise errors.invalid_property(f"{IMAGE}.{ids[0]}", image[ids[0]], f"it excludes {(ids[1:] + names)[0]}")


def _check_marketplace(image: dict[str, Any], node_agent: str) -> None:
    names = [image.get(name, "") for name in ("publisher", "offer", "sku")]
    text = "publisher {} offer {} sku {}".format(*names)
    if names[0].lower() not in PUBLISHERS:
        reason = f"The specified imageReference with {text} is not supported."
        raise errors.invalid_property("imageReference", None, reason)
    lowered = tuple(name.lower() for name in names)
    known = (item for item in IMAGES.values() if (item.publisher, item.offer, item.sku) == lowered)
    if (own := next(known, None)) is not None and node_agent.lower() != own.node_agent:
        reason = f"The image with {text} needs nodeAgentSKUId {own.node_agent}."
        raise errors.invalid_property("nodeAgentSKUId", node_agent, reason)
