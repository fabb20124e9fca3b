"""Blobs below prefixes, which sweeps have as axes. Listing them needs the service."""

from collections.abc import Callable
from datetime import UTC
from typing import TYPE_CHECKING, Any, Self

from azure.core.exceptions import ResourceNotFoundError

from shoal.environment import Environment
from shoal.errors import BadInput
from shoal.jobs.file.file_name import FileName

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient


class BlobName(FileName):
    """A blob's name in its container. In a point it is plain text."""

    __slots__ = ("modified",)
    modified: str
    """The time of the last change in UTC, such as 2026-01-31T09:30:00Z. As text it sorts by time."""

    def __new__(cls, path: str, size: int, modified: str = "") -> Self:
        name = super().__new__(cls, path, size)
        name.modified = modified
        return name


ListBlobs = Callable[[Environment, str, str], list[BlobName]]
"""List the blobs of a container below a prefix."""


class BlobLists:
    """Lists of blobs, each read once, so that a plan and its submission see the same."""

    def __init__(self, environment: Environment, list_blobs: ListBlobs, *, are_made_up: bool = False) -> None:
        self.are_made_up = are_made_up
        self._environment = environment
        self._list_blobs = list_blobs
        self._lists: dict[tuple[str, str], list[BlobName]] = {}

    def below(self, prefix: str, container: str | None) -> list[BlobName]:
        """Return the blobs in the order of their names. Raises BadInput where there is none."""
        place = container or self._environment.containers.inputs, prefix
        if place not in self._lists:
            self._lists[place] = self._list_blobs(self._environment, *place)
        if not self._lists[place]:
            raise BadInput(f"no blob in the container '{place[0]}' begins with '{prefix}'")
        return self._lists[place]


def listed(environment: Environment, container: str, prefix: str) -> list[BlobName]:
    """List blobs by the service. Raises BadInput where it does not answer."""
    from shoal.connect import connected  # the clients take a while to load, and few job files list blobs

    with connected(environment) as services:
        return names_below(services.blobs.get_container_client(container), prefix)


def names_below(container: "ContainerClient", prefix: str) -> list[BlobName]:
    try:
        blobs = container.list_blobs(name_starts_with=prefix)
        # Names that end in a slash stand for directories.
        return [_name(blob) for blob in blobs if not blob.name.endswith("/")]
    except ResourceNotFoundError as exc:
        raise BadInput(f"there is no container '{container.container_name}'") from exc


def made_up(_environment: Environment, _container: str, prefix: str) -> list[BlobName]:
    """Return one blob below the prefix, to try templates without a service."""
    return [BlobName(f"{prefix}x", 0, "2026-01-31T09:30:00Z")]


def _name(blob: Any) -> BlobName:
    return BlobName(blob.name, blob.size, f"{blob.last_modified.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")
