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


def is_windows(machine: dict[str, Any]) -> bool:
    """Return True where the nodes of a virtualMachineConfiguration have Windows."""
    return "windows" in machine.get("nodeAgentSKUId", "").lower()


def check(machine: dict[str, Any]) -> None:
    """Raises BatchError InvalidPropertyValue. `machine` is a virtualMachineConfiguration."""
    image = machine.get("imageReference", {})
    if "publisher" in image:
        _check_marketplace(image, machine.get("nodeAgentSKUId", ""))
    if (image_id := image.get("virtualMachineImageId")) and not GALLERY_IMAGE.fullmatch(image_id):
        forms = f"{GALLERY_FORM}/versions/{{galleryImageVersionName}} or {GALLERY_FORM}"
        reason = f"The specified resource id must be of the format {forms}"
        raise errors.invalid_property("virtualMachineImageId", image_id, reason)


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
