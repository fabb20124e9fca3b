"""Copies of earlier outputs in the folder of a new run, made by the storage itself, and whole before anyone reads them.

Source: Azure Storage, Copy Blob: a copy is `pending` until it is whole, and keeps the checksum of its source.
"""

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from shoal.blob_requests import Blob
from shoal.connect import Services
from shoal.jobs.skip.result import Result
from shoal.jobs.skip.stored_results import StoredResult
from shoal.stored_blobs import delete_below

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient, ContainerClient

IN_FLIGHT = 16
PATIENCE = timedelta(minutes=10)
LOGS = ("stdout.txt", "stderr.txt")
_GONE = (404, 409, 412)


class OutputChanged(Exception):
    """An earlier output was changed or deleted while it was copied."""


def copy_all(services: Services, folder: str, stage: str, results: Mapping[str, StoredResult]) -> dict[str, Result]:
    """Copy the outputs and logs of tasks into a run's folder.

    Return the results of the copies, without the tasks whose outputs changed meanwhile: these leave nothing there.
    """
    containers = services.environment.containers
    outputs = services.blobs.get_container_client(containers.outputs)
    signature = services.sign(containers.outputs)

    def copy(task: str) -> Result | None:
        stored, place = results[task], f"{folder}/{stage}/{task}"
        try:
            times = [
                _copied(outputs, blob, f"{place}/{name}", _address(services, containers.outputs, blob.name), signature)
                for name, blob in stored.files.items()
            ]
        except OutputChanged:
            delete_below(outputs, f"{place}/")
            return None
        _copy_logs(services, stored.result.folder, folder, task)
        return replace(stored.result, folder=folder, stored=int(min(times)))

    with ThreadPoolExecutor(IN_FLIGHT) as threads:
        copied = dict(zip(results, threads.map(copy, results), strict=True))
    return {task: result for task, result in copied.items() if result is not None}


def _copied(container: "ContainerClient", blob: Blob, name: str, address: str, signature: str) -> float:
    """Copy the version of a blob that was looked at, and return the time of the copy."""
    target = container.get_blob_client(name)
    try:
        started = target.start_copy_from_url(
            f"{address}?{signature}", source_etag=f'"{blob.etag}"', source_match_condition=MatchConditions.IfNotModified
        )
    except HttpResponseError as exc:
        if exc.status_code in _GONE:
            raise OutputChanged from exc
        raise
    modified = started["last_modified"]
    if started["copy_status"] == "success" and isinstance(modified, datetime):
        return modified.timestamp()
    return _until_whole(target)


def _until_whole(target: "BlobClient") -> float:
    """Wait for a copy that the storage makes in the background, and return its time."""
    until = time.monotonic() + PATIENCE.total_seconds()
    while True:
        properties = target.get_blob_properties()
        if properties.copy.status == "success":
            return float(properties.last_modified.timestamp())
        if properties.copy.status != "pending" or time.monotonic() > until:
            raise OutputChanged
        time.sleep(0.5)


def _copy_logs(services: Services, source: str, folder: str, task: str) -> None:
    """Copy what is left of the logs; the outputs do not depend on them."""
    logs = services.blobs.get_container_client(services.environment.containers.logs)
    for name in LOGS:
        with suppress(ResourceNotFoundError):
            content = logs.download_blob(f"{source}/{task}/{name}")
            logs.upload_blob(f"{folder}/{task}/{name}", content.chunks(), length=content.size, overwrite=True)


def _address(services: Services, container: str, blob: str) -> str:
    return f"{services.environment.blob_endpoint}/{container}/{quote(blob)}"
