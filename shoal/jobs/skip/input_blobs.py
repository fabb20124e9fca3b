"""The versions of blobs that tasks read. Every write gives a blob another ETag: the same one is the same content."""

from typing import Protocol

from shoal.connect import Services

CONNECTIONS = 8


class BlobVersions(Protocol):
    def of_blob(self, container: str, name: str) -> list[str] | None:
        """Return the name and the ETag of a blob, or None where there is no such blob."""

    def below(self, container: str, prefix: str) -> list[str] | None:
        """Return the names and ETags of the blobs whose names begin with the prefix, or None where there is none."""


class ListedBlobs:
    """Versions from lists of the service, each read once: of a blob's directory, and of a prefix."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._lists: dict[tuple[str, str], dict[str, str]] = {}

    def of_blob(self, container: str, name: str) -> list[str] | None:
        directory, slash, _ = name.rpartition("/")
        etag = self._listed(container, directory + slash or name).get(name)
        return None if etag is None else [name, etag]

    def below(self, container: str, prefix: str) -> list[str] | None:
        return [text for version in self._listed(container, prefix).items() for text in version] or None

    def _listed(self, container: str, prefix: str) -> dict[str, str]:
        place = container, prefix
        if place not in self._lists:
            requests = self._services.blob_requests(container, CONNECTIONS)
            self._lists[place] = {blob.name: blob.etag for blob in requests.listed(prefix)}
        return self._lists[place]
