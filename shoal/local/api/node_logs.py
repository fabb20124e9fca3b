"""The upload of a node's log, which its agent does by itself after the call has been answered."""

import uuid

import orjson

from shoal.local.api import nodes
from shoal.local.api.calls import Answer, Call, context
from shoal.local.api.shapes import DATA_PLANE
from shoal.local.scheduler.loop import Transaction
from shoal.local.simulation.pool_clock import is_simulated

FILES = 1
"""A node has the log of its agent, unless it is simulated."""


async def upload_node_logs(call: Call) -> Answer:
    body = call.body()
    DATA_PLANE.normalize("UploadBatchServiceLogsOptions", body, call.version)
    pool, node = nodes.find(call)
    folder = f"{pool.id}/{node.id}/{uuid.uuid4()}"
    request = {"url": body["containerUrl"], "identity": body.get("identityReference"), "folder": folder}

    def upload(tx: Transaction) -> None:
        tx.tell(node.id, {"upload_log": request})

    await call.service.loop.change(upload)
    metadata = context(call, "uploadbatchservicelogsresult/@Element")
    files = 0 if is_simulated(node.id) else FILES
    answer = {"odata.metadata": metadata, "virtualDirectoryName": folder, "numberOfFilesUploaded": files}
    return Answer(content=orjson.dumps(answer))
