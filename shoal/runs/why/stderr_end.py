"""The last lines of a task's stderr, from its node or from storage, by few requests and not the rest."""

from typing import TYPE_CHECKING

from azure.core.exceptions import AzureError, HttpResponseError
from azure.core.rest import HttpRequest

from shoal.connect import Services
from shoal.jobs.submit.collection import API_VERSION
from shoal.runs.logs import tail

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

PART = 64 << 10
"""Bytes that are read, of the beginning of a short file or of the end of a long one."""
LINES = 10
MISSING = (404, 409, 416)
"""No such file, or task, or node; and an empty file."""


def stderr_end(services: Services, job_id: str, task_id: str, *, folder: str) -> str:
    """Return the last lines, or nothing where they are neither on the node nor in the folder of the run."""
    path = f"/jobs/{job_id}/tasks/{task_id}/files/stderr.txt"
    content = _of_node(services, path)
    if content is None:
        container = services.blobs.get_container_client(services.environment.containers.logs)
        content = _of_storage(container, f"{folder}/{task_id}/stderr.txt")
    return tail(content, LINES)


def _of_node(services: Services, path: str) -> bytes | None:
    """Return None where no node has the file."""
    try:
        content = _range(services, path, 0)
        if len(content) < PART:
            return content
        head = HttpRequest("HEAD", path, params={"api-version": API_VERSION})
        size = int(services.batch.send_request(head).headers["Content-Length"])
        return content if size <= PART else _range(services, path, size - PART)
    except HttpResponseError as exc:
        if exc.status_code not in MISSING:
            raise
        return b"" if exc.status_code == 416 else None


def _range(services: Services, path: str, start: int) -> bytes:
    headers = {"ocp-range": f"bytes={start}-{start + PART - 1}"}
    request = HttpRequest("GET", path, params={"api-version": API_VERSION}, headers=headers)
    return services.batch.send_request(request).content


def _of_storage(container: "ContainerClient", blob: str) -> bytes:
    client = container.get_blob_client(blob)
    try:
        size = client.get_blob_properties().size
        return client.download_blob(offset=max(0, size - PART)).readall() if size else b""
    except AzureError:
        # It is a help only: without it, the failure is told by its code.
        return b""
