"""Requests about nodes. None of them waits for the change that it begins."""

from collections.abc import Sequence
from typing import Any

from azure.batch import BatchClient
from azure.core.exceptions import HttpResponseError
from azure.core.rest import HttpRequest

from shoal.jobs.submit.collection import API_VERSION
from shoal.nodes.pool_nodes import Targets

STDERR_LINES = 10
CONFLICT = 409
_HEADERS = {"content-type": "application/json; odata=minimalmetadata"}


def reboot(client: BatchClient, pool_id: str, node_id: str) -> bool:
    """Restart a node once its tasks have ended. Return False where its state does not allow that any more."""
    # A node that was idle when it was listed may have got a task since: with `taskcompletion` none is lost.
    return _post(client, f"/pools/{pool_id}/nodes/{node_id}/reboot", {"nodeRebootOption": "taskcompletion"})


def remove(client: BatchClient, pool_id: str, node_ids: Sequence[str]) -> bool:
    """Remove nodes once their tasks have ended. Return False where the pool is being resized."""
    body = {"nodeList": list(node_ids), "nodeDeallocationOption": "taskcompletion"}
    return _post(client, f"/pools/{pool_id}/removenodes", body)


def resize(client: BatchClient, pool_id: str, targets: Targets) -> bool:
    """Give a pool targets; nodes that leave end their tasks first. Return False where it is being resized."""
    body = {
        "targetDedicatedNodes": targets.dedicated,
        "targetLowPriorityNodes": targets.low_priority,
        "nodeDeallocationOption": "taskcompletion",
    }
    return _post(client, f"/pools/{pool_id}/resize", body)


def start_task_stderr(client: BatchClient, pool_id: str, node_id: str) -> str:
    """Return the last lines, or nothing where the node does not have them."""
    from shoal.runs.logs import tail  # imports all that reads job files, which `shoal up` does without

    path = f"/pools/{pool_id}/nodes/{node_id}/files/startup/stderr.txt"
    try:
        answer = client.send_request(HttpRequest("GET", path, params={"api-version": API_VERSION}))
    except HttpResponseError as exc:
        if exc.status_code not in (404, CONFLICT):
            raise
        return ""
    return tail(answer.content, STDERR_LINES)


def _post(client: BatchClient, path: str, body: dict[str, Any]) -> bool:
    # The client's own methods poll in a thread for each request.
    request = HttpRequest("POST", path, params={"api-version": API_VERSION}, headers=_HEADERS, json=body)
    try:
        client.send_request(request)
    except HttpResponseError as exc:
        if exc.status_code != CONFLICT:
            raise
        return False
    return True
