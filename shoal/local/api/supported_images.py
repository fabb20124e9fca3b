"""The images that pools can have: the table of this project in the service's own form.

Source: Batch REST, "Account - List Supported Images".
"""

from typing import Any

from shoal.azure.images import IMAGES, Image
from shoal.local import errors
from shoal.local.api.calls import Answer, Call, page

GEN_2 = "HyperVGeneration2"
WINDOWS = "batch.node.windows"


async def list_supported_images(call: Call) -> Answer:
    if text := call.query.get("$filter"):
        raise errors.invalid_query_parameter("$filter", text, "the embedded service does not filter images")
    images = list(IMAGES.values())
    start, size = call.after(), call.page_size()
    more = start + size if start + size < len(images) else None
    return page(call, "supportedimages", [view(image) for image in images[start : start + size]], more)


def view(image: Image) -> dict[str, Any]:
    return {
        "nodeAgentSKUId": image.node_agent,
        "imageReference": {
            "publisher": image.publisher,
            "offer": image.offer,
            "sku": image.sku,
            "version": "latest",
        },
        "osType": "windows" if image.node_agent.startswith(WINDOWS) else "linux",
        "capabilities": [GEN_2] if image.generation == 2 else [],
        "batchSupportEndOfLife": f"{image.end_of_life}T00:00:00Z",
        "verificationType": "verified",
    }
