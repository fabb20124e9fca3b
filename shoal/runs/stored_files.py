"""The files that a run has left in the containers of outputs and logs: counted, or deleted."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from shoal.connect import Services
from shoal.stored_blobs import blobs_below, delete_blob

if TYPE_CHECKING:
    from azure.storage.blob import BlobProperties, ContainerClient

IN_FLIGHT = 8
COUNTED = 5000
"""At most; the size of one page of a list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFiles:
    folder: str
    files: int
    bytes: int

    @property
    def summary(self) -> str:
        files = f"{COUNTED} files or more" if self.files >= COUNTED else f"{self.files} files, {self.bytes} bytes"
        return f"{files} of outputs and logs in {self.folder}/"


def stored_files(services: Services, folder: str) -> StoredFiles:
    """Count the files of a run, as far as one page of a list goes."""
    blobs = [
        blob for container in _containers(services) for blob in islice(blobs_below(container, f"{folder}/"), COUNTED)
    ]
    return StoredFiles(folder=folder, files=len(blobs), bytes=sum(int(blob.size) for blob in blobs))


def delete_stored_files(services: Services, folder: str) -> int:
    """Delete the outputs and logs of a run, and return how many files that were."""
    return sum(_delete(container, folder) for container in _containers(services))


def _delete(container: "ContainerClient", folder: str) -> int:
    def delete(blob: "BlobProperties") -> int:
        delete_blob(container, blob.name)
        return 1

    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        return sum(pool.map(delete, blobs_below(container, f"{folder}/")))


def _containers(services: Services) -> "list[ContainerClient]":
    names = services.environment.containers
    return [services.blobs.get_container_client(name) for name in (names.outputs, names.logs)]
