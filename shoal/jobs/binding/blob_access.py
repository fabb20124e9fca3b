"""Access of nodes to blobs: by the pool's identity where there is one, else by a signature in the address."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from shoal.environment import Environment

MASKED = "sig=***"


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobAccess:
    """Addresses as tasks carry them. They may hold signatures: print those of `masked` only."""

    endpoint: str
    identity: str | None
    signatures: Mapping[str, str]
    """One for each container; empty where the identity is used."""

    def address(self, container: str, blob: str = "") -> dict[str, Any]:
        """Return `url`, and the identity that reads or writes it."""
        url = f"{self.endpoint}/{container}" + (f"/{quote(blob)}" if blob else "")
        if self.identity is not None:
            return {"url": url, "identityReference": {"resourceId": self.identity}}
        return {"url": f"{url}?{self.signatures[container]}"}


def masked(environment: Environment, containers: set[str]) -> BlobAccess:
    """Return access that may be shown to anyone, and does not work."""
    return _access(environment, containers, lambda _: MASKED)


def granted(environment: Environment, containers: set[str], sign: Callable[[str], str]) -> BlobAccess:
    """Return access that works: `sign` makes the query part of a shared access signature for a container."""
    return _access(environment, containers, sign)


def _access(environment: Environment, containers: set[str], sign: Callable[[str], str]) -> BlobAccess:
    by_identity = environment.node_identity is not None
    return BlobAccess(
        endpoint=environment.blob_endpoint,
        identity=environment.node_identity,
        signatures={} if by_identity else {container: sign(container) for container in containers},
    )
