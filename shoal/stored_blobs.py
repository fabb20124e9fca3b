"""Blobs below a prefix, listed and deleted one by one; what is gone meanwhile is as good as deleted."""

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from azure.core.exceptions import ResourceNotFoundError

if TYPE_CHECKING:
    from azure.storage.blob import BlobProperties, ContainerClient


def blobs_below(container: "ContainerClient", prefix: str) -> "Iterator[BlobProperties]":
    """Yield the blobs whose names start with the prefix; none without the container."""
    with suppress(ResourceNotFoundError):
        yield from container.list_blobs(name_starts_with=prefix)


def delete_blob(container: "ContainerClient", name: str) -> None:
    with suppress(ResourceNotFoundError):
        container.delete_blob(name)


def delete_below(container: "ContainerClient", prefix: str) -> None:
    for blob in blobs_below(container, prefix):
        delete_blob(container, blob.name)
