"""Upload local input files to the inputs container, once each: their names are made of their content."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

from shoal import blob_uploads
from shoal.blob_requests import BlobRequests
from shoal.connect import Services
from shoal.errors import WorkFailed

IN_FLIGHT = 8
SENT_AT_ONCE = 64 << 10
"""Bytes up to which a file is sent without asking first whether it is there: both take one request."""


def upload_inputs(files: Mapping[Path, str], services: Services) -> int:
    """Upload the missing files and return how many they were."""
    most = IN_FLIGHT + blob_uploads.BLOCKS_IN_FLIGHT
    return upload(files, services.blob_requests(services.environment.containers.inputs, most))


def upload(files: Mapping[Path, str], blobs: BlobRequests) -> int:
    """Upload the files that the container lacks and return how many they were."""
    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        return sum(pool.map(lambda path: _upload(path, files[path], blobs), files))


def _upload(path: Path, name: str, blobs: BlobRequests) -> bool:
    if path.stat().st_size > SENT_AT_ONCE and blobs.has(name):
        return False
    try:
        blob_uploads.upload(blobs, path, name, blob_uploads.NEVER_REPLACE)
    except ResourceExistsError:
        return False  # uploaded before or by somebody else meanwhile, with the same content; it may be immutable
    except ResourceNotFoundError as exc:
        raise WorkFailed(f"{path} cannot be uploaded: there is no container '{blobs.container}'") from exc
    return True
