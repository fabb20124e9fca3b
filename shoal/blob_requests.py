"""Blobs are listed, read and written by plain requests over kept connections.

Where tasks leave ten thousand small files, the blob client's own work for each takes longer than the transfer: 1.6 ms
of processor time for a download and 0.2 ms for an entry of a list, against 0.3 ms and 0.03 ms here. Everything else is
done by the official client.
"""

import base64
import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Protocol
from urllib.parse import quote, unquote, urlencode, urlsplit
from xml.etree import ElementTree

import certifi
import urllib3
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
    ServiceResponseError,
)
from requests.utils import get_environ_proxies
from urllib3.util import Retry, Timeout

API_VERSION = "2023-11-03"
"""Source: Azure Storage, Versioning: a version is needed beside a bearer token; Azurite knows this one."""
RETRIES = Retry(total=6, backoff_factor=0.5, backoff_max=30, status_forcelist=(408, 429, 500, 502, 503, 504))
TIMEOUT = Timeout(connect=20, read=60)
MOST_CUTS = 5
"""Times that one answer may be cut off in the middle."""
PIECE = 1 << 20
"""Bytes that are read and written at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobAccess:
    """The part of a request that allows it: the query of a signature, or the header with a token."""

    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class BlobChanged(Exception):
    """The blob is another one than the one that was listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """An entry of a container's list."""

    name: str
    etag: str
    size: int
    """In bytes."""
    last_modified: float
    """Seconds since 1970, as files have them."""
    md5: bytes | None
    """Checksum of the content, where the storage keeps one."""


class Connections(Protocol):
    """Kept connections to one host."""

    def __call__(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> urllib3.BaseHTTPResponse:
        """Send a request and return its answer, of which only the head was read. Raises errors of urllib3."""


class BlobRequests:
    """Requests for the blobs of one container. Used by several threads at once."""

    def __init__(
        self, endpoint: str, container: str, access: Callable[[str], BlobAccess], *, connections: Connections
    ) -> None:
        self.container = container
        self._path = f"{urlsplit(endpoint).path.rstrip('/')}/{quote(container)}"
        self._access = access
        self._connections = connections

    def listed(self, prefix: str) -> Iterator[Blob]:
        """Yield the blobs whose names start with the prefix, in the order of their names.

        Without the container there are none. Raises azure-core's errors.
        """
        with suppress(ResourceNotFoundError):
            yield from self.listed_in_existing(prefix)

    def listed_in_existing(self, prefix: str) -> Iterator[Blob]:
        """Yield the same blobs. Raises ResourceNotFoundError without the container."""
        marker = ""
        while True:
            page = self._page(urlencode({"restype": "container", "comp": "list", "prefix": prefix, "marker": marker}))
            yield from map(_blob, page.iterfind("Blobs/Blob"))
            marker = page.findtext("NextMarker") or ""
            if not marker:
                return

    def has(self, name: str) -> bool:
        """Return True where there is a blob of this name; it may be the container that is not there."""
        try:
            with self._answer("HEAD", self._blob_path(name), "", {}, f"the blob '{name}'"):
                return True
        except ResourceNotFoundError:
            return False

    def put(self, name: str, content: bytes, headers: Mapping[str, str]) -> None:
        """Store a blob, in place of what is there unless the headers say otherwise.

        Raises ResourceExistsError and ResourceNotFoundError (without the container), and other errors of azure-core.
        """
        self._send(name, "", content, {"x-ms-blob-type": "BlockBlob", **headers})

    def put_block(self, name: str, block: str, content: bytes) -> None:
        """Store a part of a blob, which begins to be one with `put_block_list`."""
        self._send(name, urlencode({"comp": "block", "blockid": block}), content, {})

    def put_block_list(self, name: str, blocks: Sequence[str], headers: Mapping[str, str]) -> None:
        """Make a blob of the blocks, in this order. Errors are those of `put`."""
        items = "".join(f"<Uncommitted>{block}</Uncommitted>" for block in blocks)
        text = f'<?xml version="1.0" encoding="utf-8"?><BlockList>{items}</BlockList>'
        self._send(name, "comp=blocklist", text.encode(), headers)

    def _send(self, name: str, query: str, content: bytes, headers: Mapping[str, str]) -> None:
        """Source: Azure Storage, Put Blob and Put Block: what does not have the checksum is refused and not stored."""
        checksum = base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
        headers = {**headers, "Content-MD5": checksum}
        with self._answer("PUT", self._blob_path(name), query, headers, f"the blob '{name}'", content) as answer:
            answer.read()  # its connection can be used again only after that

    def pieces(self, blob: Blob, *, first: int = 0, last: int | None = None) -> Iterator[bytes]:
        """Yield the bytes of a blob, from the `first` to the `last` one. After a cut the rest is asked for.

        Raises BlobChanged where it is another blob by now, and azure-core's errors for others.
        """
        position, end, cuts = first, blob.size if last is None else last + 1, 0
        while position < end:
            try:
                for piece in self._stream(blob, position, end):
                    position += len(piece)
                    yield piece
            except ServiceResponseError:
                cuts += 1
                if cuts > MOST_CUTS:
                    raise

    def _stream(self, blob: Blob, first: int, end: int) -> Iterator[bytes]:
        headers, left = {"If-Match": f'"{blob.etag}"'}, end - first
        if (first, end) != (0, blob.size):
            headers["Range"] = f"bytes={first}-{end - 1}"
        try:
            with self._answer("GET", self._blob_path(blob.name), "", headers, f"the blob '{blob.name}'") as answer:
                for piece in answer.stream(PIECE):
                    left -= len(piece)
                    yield piece
        except ResourceNotFoundError as exc:
            raise BlobChanged(f"'{blob.name}' was changed or deleted meanwhile") from exc
        if left > 0:
            raise ServiceResponseError(f"the blob '{blob.name}' ended early")

    def _page(self, query: str) -> ElementTree.Element:
        """Return a page of the list. A page that was cut off is asked for again."""
        noun = f"the list of '{self.container}'"
        failure: Exception | None = None
        for _ in range(MOST_CUTS + 1):
            try:
                with self._answer("GET", self._path, query, {}, noun) as answer:
                    return ElementTree.fromstring(answer.read())
            except (ServiceResponseError, ElementTree.ParseError) as exc:
                failure = exc
        raise ServiceResponseError(f"{noun} was not read: {failure}") from failure

    def _blob_path(self, name: str) -> str:
        return f"{self._path}/{quote(name)}"

    @contextmanager
    def _answer(
        self, method: str, path: str, query: str, headers: Mapping[str, str], noun: str, body: bytes | None = None
    ) -> Iterator[urllib3.BaseHTTPResponse]:
        access = self._access(self.container)
        target = "?".join(filter(None, (path, "&".join(filter(None, (query, access.query))))))
        done = "read" if body is None else "written"
        try:
            answer = self._connections(method, target, {**access.headers, "x-ms-version": API_VERSION, **headers}, body)
            try:
                _check(answer, noun, done)
                yield answer
            except BaseException:
                answer.close()  # the rest of it must not stand before the next answer
                raise
            answer.release_conn()
        except urllib3.exceptions.HTTPError as exc:
            raise ServiceResponseError(f"{noun} was not {done}: {type(exc).__name__}") from exc


def connections(endpoint: str, most: int, retries: Retry = RETRIES) -> Connections:
    """Make connections to the endpoint's host, of which this many are kept.

    Proxies and certificates are those that requests takes from the environment, and thus Azure's clients.
    """
    trusted = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or certifi.where()
    scheme, host = urlsplit(endpoint)[:2]
    if proxy := get_environ_proxies(endpoint).get(scheme):
        proxies = urllib3.ProxyManager(proxy, maxsize=most, timeout=TIMEOUT, ca_certs=trusted)
        return lambda method, path, headers, body=None: proxies.urlopen(
            method, f"{scheme}://{host}{path}", body=body, headers=headers, retries=retries, preload_content=False
        )
    manager = urllib3.PoolManager(maxsize=most, timeout=TIMEOUT, ca_certs=trusted)
    pool = manager.connection_from_url(endpoint)  # once: a manager looks it up for every request
    return lambda method, path, headers, body=None: pool.urlopen(
        method, path, body=body, headers=headers, retries=retries, preload_content=False
    )


def _check(answer: urllib3.BaseHTTPResponse, noun: str, done: str) -> None:
    if answer.status in (200, 201, 206):
        return
    code = answer.headers.get("x-ms-error-code") or str(answer.reason)
    match answer.status:
        case 404 | 412:
            raise ResourceNotFoundError(message=f"{code}: {noun} is not there")
        case 409:
            raise ResourceExistsError(message=f"{code}: {noun} cannot be {done}")
    failure = HttpResponseError(message=f"{code}: {noun} cannot be {done} (status {answer.status})")
    failure.status_code = answer.status
    raise failure


def _blob(entry: ElementTree.Element) -> Blob:
    properties = {item.tag: item.text or "" for item in entry.find("Properties") or ()}
    checksum = properties.get("Content-MD5")
    return Blob(
        name=_name(entry),
        etag=properties["Etag"].strip('"'),
        size=int(properties["Content-Length"]),
        last_modified=_seconds(properties["Last-Modified"]),
        md5=base64.b64decode(checksum) if checksum else None,
    )


@lru_cache(maxsize=1024)
def _seconds(date: str) -> float:
    """Kept, because the blobs of a page share most of their seconds."""
    return parsedate_to_datetime(date).timestamp()


def _name(entry: ElementTree.Element) -> str:
    """Source: Azure Storage, List Blobs: names that XML cannot hold are percent-encoded, and marked so."""
    name = entry.find("Name")
    if name is None:
        return ""
    return unquote(name.text or "") if name.get("Encoded") == "true" else name.text or ""
