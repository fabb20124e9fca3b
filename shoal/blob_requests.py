"""Blobs are listed and read by plain requests over kept connections.

Where tasks leave ten thousand small files, the blob client's own work for each takes longer than the transfer: 1.6 ms
of processor time for a download and 0.2 ms for an entry of a list, against 0.3 ms and 0.03 ms here. Everything else is
done by the official client.
"""

import base64
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from urllib.parse import quote, unquote, urlencode, urlsplit
from xml.etree import ElementTree

import certifi
import urllib3
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError, ServiceResponseError
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


class BlobRequests:
    """Requests for the blobs of one container."""

    def __init__(self, endpoint: str, container: str, access: Callable[[str], BlobAccess], *, connections: int) -> None:
        self._container = container
        self._path = f"{urlsplit(endpoint).path.rstrip('/')}/{quote(container)}"
        self._access = access
        self._open = _opener(endpoint, connections)

    def listed(self, prefix: str) -> Iterator[Blob]:
        """Yield the blobs whose names start with the prefix, in the order of their names.

        Without the container there are none. Raises azure-core's errors.
        """
        marker = ""
        while True:
            query = urlencode({"restype": "container", "comp": "list", "prefix": prefix, "marker": marker})
            page = self._page(query)
            if page is None:
                return
            yield from map(_blob, page.iterfind("Blobs/Blob"))
            marker = page.findtext("NextMarker") or ""
            if not marker:
                return

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
            with self._answer(f"{self._path}/{quote(blob.name)}", "", headers, f"the blob '{blob.name}'") as answer:
                for piece in answer.stream(PIECE):
                    left -= len(piece)
                    yield piece
        except ResourceNotFoundError as exc:
            raise BlobChanged(f"'{blob.name}' was changed or deleted meanwhile") from exc
        if left > 0:
            raise ServiceResponseError(f"the blob '{blob.name}' ended early")

    def _page(self, query: str) -> ElementTree.Element | None:
        """Return a page of the list, or None without the container. A page that was cut off is asked for again."""
        noun = f"the list of '{self._container}'"
        failure: Exception | None = None
        for _ in range(MOST_CUTS + 1):
            try:
                with self._answer(self._path, query, {}, noun) as answer:
                    return ElementTree.fromstring(answer.read())
            except ResourceNotFoundError:
                return None
            except (ServiceResponseError, ElementTree.ParseError) as exc:
                failure = exc
        raise ServiceResponseError(f"{noun} was not read: {failure}") from failure

    @contextmanager
    def _answer(
        self, path: str, query: str, headers: Mapping[str, str], noun: str
    ) -> Iterator[urllib3.BaseHTTPResponse]:
        access = self._access(self._container)
        target = "?".join(filter(None, (path, "&".join(filter(None, (query, access.query))))))
        try:
            answer = self._open(target, {**access.headers, "x-ms-version": API_VERSION, **headers})
            try:
                _check(answer, noun)
                yield answer
            except BaseException:
                answer.close()  # the rest of it must not stand before the next answer
                raise
            answer.release_conn()
        except urllib3.exceptions.HTTPError as exc:
            raise ServiceResponseError(f"{noun} was not read: {type(exc).__name__}") from exc


def _opener(endpoint: str, connections: int) -> Callable[[str, Mapping[str, str]], urllib3.BaseHTTPResponse]:
    """Make a function that opens a path of the endpoint.

    Proxies and certificates are those that requests takes from the environment, and thus Azure's clients.
    """
    trusted = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or certifi.where()
    scheme, host = urlsplit(endpoint)[:2]
    if proxy := get_environ_proxies(endpoint).get(scheme):
        proxies = urllib3.ProxyManager(proxy, maxsize=connections, timeout=TIMEOUT, ca_certs=trusted)
        return lambda path, headers: proxies.urlopen(
            "GET", f"{scheme}://{host}{path}", headers=headers, retries=RETRIES, preload_content=False
        )
    manager = urllib3.PoolManager(maxsize=connections, timeout=TIMEOUT, ca_certs=trusted)
    pool = manager.connection_from_url(endpoint)  # once: a manager looks it up for every request
    return lambda path, headers: pool.urlopen("GET", path, headers=headers, retries=RETRIES, preload_content=False)


def _check(answer: urllib3.BaseHTTPResponse, noun: str) -> None:
    if answer.status in (200, 206):
        return
    code = answer.headers.get("x-ms-error-code") or str(answer.reason)
    if answer.status in (404, 412):
        raise ResourceNotFoundError(message=f"{code}: {noun} is not there")
    raise HttpResponseError(message=f"{code}: {noun} cannot be read (status {answer.status})")


def _blob(entry: ElementTree.Element) -> Blob:
    properties = {item.tag: item.text or "" for item in entry.iterfind("Properties/*")}
    checksum = properties.get("Content-MD5")
    return Blob(
        name=_name(entry),
        etag=properties["Etag"].strip('"'),
        size=int(properties["Content-Length"]),
        last_modified=parsedate_to_datetime(properties["Last-Modified"]).timestamp(),
        md5=base64.b64decode(checksum) if checksum else None,
    )


def _name(entry: ElementTree.Element) -> str:
    """Source: Azure Storage, List Blobs: names that XML cannot hold are percent-encoded, and marked so."""
    name = entry.find("Name")
    if name is None:
        return ""
    return unquote(name.text or "") if name.get("Encoded") == "true" else name.text or ""
