"""The upload of a node's log, which its agent does by itself after the call has been answered."""

import uuid

import orjson

from shoal.local.api import nodes
from shoal.local.api.calls import Answer, Call, context
from shoal.local.api.shapes import DATA_PLANE
from shoal.local.scheduler.loop import Transaction

FILES = 1
"""A node has the log of its agent."""


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
    answer = {"odata.metadata": metadata, "virtualDirectoryName": folder, "numberOfFilesUploaded": FILES}
    return Answer(content=orjson.dumps(answer))
