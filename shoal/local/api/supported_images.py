"""The images that pools can have: the table of this project in the service's own form.

Source: Batch REST, "Account - List Supported Images".
"""

from typing import Any

import orjson

from shoal.azure.images import IMAGES, Image
from shoal.local.api import odata
from shoal.local.api.calls import Answer, Call, page
from shoal.local.api.odata import EQUALITY, PREFIX, Column
from shoal.local.store.queries import every

GEN_2 = "HyperVGeneration2"
WINDOWS = "batch.node.windows"
TEXT = EQUALITY | {PREFIX}


def _column(path: str, kind: str, operators: frozenset[str]) -> Column:
    return Column(f"json_extract(value, '$.{path}') COLLATE NOCASE", kind, operators)


COLUMNS = {
    "verificationType": _column("verificationType", "word", EQUALITY),
    "osType": _column("osType", "word", EQUALITY),
    "nodeAgentSKUId": _column("nodeAgentSKUId", "text", TEXT),
    **{
        f"imageReference/{name}": _column(f"imageReference.{name}", "text", TEXT)
        for name in ("publisher", "offer", "sku", "version")
    },
}
"""Source: azure-batch, `list_supported_images`; Airflow's `AzureBatchHook` asks for the first."""


async def list_supported_images(call: Call) -> Answer:
    condition, parameters = odata.where(call.query.get("$filter"), COLUMNS)
    sql = f"SELECT value FROM json_each(?) WHERE {condition} ORDER BY key"
    table = orjson.dumps([view(image) for image in IMAGES.values()]).decode()
    images = every(call.service.connection, lambda row: orjson.loads(row[0]), sql, table, *parameters)
    start, size = call.after(), call.page_size()
    more = start + size if start + size < len(images) else None
    return page(call, "supportedimages", images[start : start + size], more)


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
