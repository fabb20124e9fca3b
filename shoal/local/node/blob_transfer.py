"""Blobs as a node reaches them: by the URL's own signature, or in the name of an identity of the pool.

The emulator knows no identities: the agent signs for one with the account's key, after checking that the pool has it,
so that a task which names a foreign identity fails here as it does in Azure.
"""

import shutil
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, unquote, urlsplit

import urllib3

from shoal.local.node.messages import JsonObject, Setup

if TYPE_CHECKING:
    from shoal.blob_requests import BlobRequests, Connections

SIGNATURE_LIFE = timedelta(hours=1)
# raise_on_status=False: after the last attempt the answer itself comes back, and `_check` reports its status.
ATTEMPTS = urllib3.Retry(
    total=8,
    connect=4,
    backoff_factor=0.2,
    backoff_max=20,
    backoff_jitter=0.2,
    status_forcelist=(408, 429, 500, 502, 503, 504),
    raise_on_status=False,
)
"""Storage that throttles says when to ask again; storage that does not answer at all gets fewer attempts."""
OWN_ATTEMPTS = ATTEMPTS.new(total=24, connect=24, backoff_max=3)
"""For the service's own storage, about a minute: it is away for a while whenever it learns of an account."""
TRANSFERS = 8
"""Transfers at once."""
MOST_CONTAINERS = 64
"""Addresses of containers that are kept in mind."""
MOST_CUTS = 5
"""Times that one download may be cut off in the middle."""
NODE_HEADER = "x-shoal-node"
IDENTITY_HEADER = "x-shoal-identity"
"""Headers of requests to the service's own storage: the node's id, and the identity in whose name it signs."""
AUTO_STORAGE = "auto-storage"
"""The identity of packages: the Batch account says which one reads them."""
IDENTITY_PARAMETER = "shoal-identity"
"""The parameter of a signed URL that carries the identity from where it is signed to where it is used."""
TIMEOUT = urllib3.Timeout(connect=10, read=60)


class AccessDenied(Exception):
    """The pool does not have the identity that was named, or storage refused."""


class NotThere(Exception):
    """There is no such blob or container."""


class TransferFailed(Exception):
    """Anything else: no answer, a broken connection, an unexpected status."""


class Blobs:
    """Used by several threads at once."""

    def __init__(self, setup: Setup, cache: Path) -> None:
        self.setup = setup
        self.cache = cache
        self.locks: dict[str, threading.Lock] = {}
        self.checks: dict[str, tuple[str, float]] = {}
        """URL and beginning of the last request by which a copy was found to be, or made, up to date."""
        self.signatures: dict[str, tuple[datetime, str]] = {}
        self.connections: dict[str, Connections] = {}
        self._container = lru_cache(MOST_CONTAINERS)(self._new_container)
        """Tasks mostly name the same container with the same signature."""

    @cached_property
    def http(self) -> urllib3.PoolManager:
        return urllib3.PoolManager(maxsize=TRANSFERS, retries=ATTEMPTS, timeout=TIMEOUT)

    def signed(self, url: str, identity: JsonObject | None) -> str:
        """The URL with a signature for reading, writing and listing, where an identity is named; else as it is."""
        if identity is None:
            return url
        resource_id = identity["resourceId"]
        if resource_id.lower() not in (known.lower() for known in self.setup.identities):
            raise AccessDenied(f"the pool does not have the identity {resource_id}")
        return self._signed(url, resource_id)

    def auto_storage_url(self, container: str) -> str:
        if self.setup.auto_storage is None:
            raise AccessDenied("the Batch account has no auto-storage account")
        url = f"{self.setup.storage.endpoint}/{self.setup.auto_storage}/{container}"
        return self._signed(url, AUTO_STORAGE)

    def _signed(self, url: str, identity: str) -> str:
        return f"{url}?{self._signature(url)}&{IDENTITY_PARAMETER}={quote(identity)}"

    def _headers(self, url: str) -> dict[str, str]:
        """Return the headers by which the service's own storage knows who sends a request; other hosts get none."""
        if not self._is_own(url):
            return {}
        headers = {NODE_HEADER: self.setup.node}
        if identity := parse_qs(urlsplit(url).query).get(IDENTITY_PARAMETER):
            headers[IDENTITY_HEADER] = identity[0]
        return headers

    def _signature(self, url: str) -> str:
        # Imported late, as below: an agent whose tasks move no blobs starts without loading the SDK.
        from azure.storage.blob import ContainerSasPermissions, generate_container_sas

        account, _, path = urlsplit(url).path.strip("/").partition("/")
        container = path.partition("/")[0]
        if account not in self.setup.storage.keys:
            raise AccessDenied(f"storage account {account} is not known to the embedded service")
        now = datetime.now(UTC)
        fresh_until, signature = self.signatures.get(f"{account}/{container}", (now, ""))
        if fresh_until <= now:
            signature = generate_container_sas(
                account,
                container,
                account_key=self.setup.storage.keys[account],
                permission=ContainerSasPermissions(read=True, write=True, create=True, list=True),
                expiry=now + SIGNATURE_LIFE,
            )
            # Used for half of its life, so that the last transfer with it still has the other half.
            self.signatures[f"{account}/{container}"] = (now + SIGNATURE_LIFE / 2, signature)
        return signature

    def download(self, url: str, target: Path) -> None:
        """Write the blob's content to `target`. What many tasks of the node share is transferred once an ETag."""
        asked = time.monotonic()
        # Without the signature, which differs between tasks for the same blob.
        name = sha256(url.partition("?")[0].encode()).hexdigest()
        copy = self.cache / name
        # One thread transfers, the others wait for its copy; `dict.setdefault` is atomic.
        with self.locks.setdefault(name, threading.Lock()):
            checked_url, checked_at = self.checks.get(name, ("", 0.0))
            # A request that began after this task asked answers for it as well: tasks that come together share one.
            if checked_url != url or checked_at < asked:
                began = time.monotonic()
                self._fetch(url, copy)
                self.checks[name] = url, began
            shutil.copyfile(copy, target)

    def _fetch(self, url: str, copy: Path) -> None:
        for left in reversed(range(MOST_CUTS + 1)):
            try:
                self._transfer(url, copy)
            except urllib3.exceptions.ProtocolError as exc:
                if not left:
                    raise TransferFailed(str(exc)) from exc
            except urllib3.exceptions.HTTPError as exc:
                raise TransferFailed(str(exc)) from exc
            else:
                return

    def _transfer(self, url: str, copy: Path) -> None:
        """Bring the copy up to date. Raises ProtocolError where the answer was cut off in the middle."""
        tag = copy.with_suffix(".etag")
        # Storage is asked each time, so that the cache gives no task a stale blob, or one that it may not read.
        headers = self._headers(url) | ({"If-None-Match": tag.read_text()} if tag.exists() else {})
        response = self.http.request("GET", url, headers=headers, preload_content=False, retries=self._attempts(url))
        try:
            _check(response.status)
            if response.status != 304:
                # First: a copy that breaks off must not keep the tag of the whole blob.
                tag.unlink(missing_ok=True)
                with copy.open("wb") as file:
                    shutil.copyfileobj(response, file, 1 << 20)
                if etag := response.headers.get("ETag"):
                    tag.write_text(etag)
        except BaseException:
            response.close()  # the rest of it must not stand before the next answer
            raise
        response.release_conn()

    def _attempts(self, url: str) -> urllib3.Retry:
        return OWN_ATTEMPTS if self._is_own(url) else ATTEMPTS

    def _is_own(self, url: str) -> bool:
        return url.startswith(f"{self.setup.storage.endpoint}/")

    def names(self, container_url: str, prefix: str | None) -> Iterator[str]:
        with _faults():
            yield from (blob.name for blob in self._container(container_url).listed_in_existing(prefix or ""))

    def upload(self, container_url: str, name: str, source: Path, headers: Mapping[str, str]) -> None:
        """Put a file, in place of what is there."""
        from shoal.blob_uploads import upload

        with _faults():
            upload(self._container(container_url), source, name, headers)

    def upload_missing(self, container_url: str, name: str, source: Path, headers: Mapping[str, str]) -> None:
        """Put a file where there is no blob of this name."""
        from azure.core.exceptions import ResourceExistsError

        from shoal.blob_uploads import NEVER_REPLACE, upload

        with _faults(), suppress(ResourceExistsError):
            upload(self._container(container_url), source, name, {**headers, **NEVER_REPLACE})

    def _new_container(self, url: str) -> "BlobRequests":
        from shoal.blob_requests import BlobAccess, BlobRequests

        address, _, signature = url.partition("?")
        endpoint, _, container = address.rstrip("/").rpartition("/")
        if urlsplit(endpoint).scheme not in ("http", "https") or not urlsplit(endpoint).netloc:
            raise TransferFailed(f"{address} is not the address of a container")
        access = BlobAccess(query=signature, headers=self._headers(url))
        return BlobRequests(endpoint, unquote(container), lambda _: access, connections=self._connections(endpoint))

    def _connections(self, endpoint: str) -> "Connections":
        from shoal.blob_requests import connections
        from shoal.local.node.small_puts import SmallPuts

        host = "://".join(urlsplit(endpoint)[:2])
        if host not in self.connections:
            most = 2 * TRANSFERS  # blocks of a large file have connections beside those of the small ones
            made = connections(endpoint, most, self._attempts(endpoint + "/"))
            is_plain = self._is_own(endpoint + "/") and endpoint.startswith("http://")
            self.connections[host] = SmallPuts(endpoint, made) if is_plain else made
        return self.connections[host]


@contextmanager
def _faults() -> Iterator[None]:
    """Turn errors of azure-core into those of this module."""
    from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError

    try:
        yield
    except ResourceNotFoundError as exc:
        raise NotThere from exc
    except HttpResponseError as exc:
        if exc.status_code in (401, 403):
            raise AccessDenied(f"storage answered {exc.status_code}") from exc
        raise TransferFailed(exc.message) from exc
    except AzureError as exc:
        raise TransferFailed(exc.message) from exc


def blob_url(container_url: str, name: str) -> str:
    base, mark, query = container_url.partition("?")
    return f"{base}/{quote(name)}{mark}{query}"


def _check(status: int) -> None:
    if status == 404:
        raise NotThere
    if status in (401, 403):
        raise AccessDenied(f"storage answered {status}")
    if status not in (200, 304):
        raise TransferFailed(f"the server answered {status}")
