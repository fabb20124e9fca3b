"""Files become blobs of a loopback server, which keeps what it was sent."""

import base64
import hashlib
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError

from shoal.blob_requests import BlobAccess, BlobRequests, connections
from shoal.blob_uploads import BLOCK, BLOCKS_IN_FLIGHT, NEVER_REPLACE, upload


class Put(NamedTuple):
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes


class Store(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.puts: list[Put] = []
        self.answers: list[tuple[int, dict[str, str]]] = []
        """Answers to the next requests; all later ones are 201."""
        self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()


class _Handler(BaseHTTPRequestHandler):
    server: Store
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        with self.server.lock:
            self.server.at_once += 1
            self.server.most_at_once = max(self.server.most_at_once, self.server.at_once)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        url = urlsplit(self.path)
        status, more = self.server.answers.pop(0) if self.server.answers else (201, {})
        if status == 201:
            self.server.puts.append(Put(url.path, parse_qs(url.query), dict(self.headers), body))
        with self.server.lock:
            self.server.at_once -= 1
        self.send_response(status)
        for name, value in {"Content-Length": "0", **more}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[Store]:
    with Store() as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@pytest.fixture
def store(server: Store) -> Store:
    server.puts.clear()
    server.answers.clear()
    server.most_at_once = 0
    return server


@pytest.fixture
def blobs(store: Store) -> BlobRequests:
    endpoint = f"http://127.0.0.1:{store.server_port}/acct"
    access = BlobAccess(query="sig=s", headers={"x-who": "me"})
    return BlobRequests(endpoint, "out", lambda _: access, connections=connections(endpoint, 8))


def md5(content: bytes) -> str:
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


@pytest.mark.parametrize("content", [b"", b"12345"])
def test_small_file_is_one_request_with_its_checksum(
    store: Store, blobs: BlobRequests, tmp_path: Path, content: bytes
) -> None:
    source = tmp_path / "a"
    source.write_bytes(content)
    upload(blobs, source, "d/a b", {"x-ms-blob-content-type": "text/csv"})
    [put] = store.puts
    assert (put.path, put.query, put.body) == ("/acct/out/d/a%20b", {"sig": ["s"]}, content)
    expected = {"Content-MD5": md5(content), "x-ms-blob-type": "BlockBlob", "x-ms-blob-content-type": "text/csv"}
    assert put.headers.items() >= (expected | {"x-who": "me"}).items()


def test_large_file_is_sent_in_blocks_with_a_checksum_each_and_joined_in_order(
    store: Store, blobs: BlobRequests, tmp_path: Path
) -> None:
    content = b"".join(bytes([number]) * BLOCK for number in range(6)) + b"end"
    source = tmp_path / "a"
    source.write_bytes(content)
    upload(blobs, source, "a", {"x-ms-blob-content-type": "text/csv"})
    *blocks, last = store.puts
    assert last.query["comp"] == ["blocklist"]
    assert last.headers["x-ms-blob-content-type"] == "text/csv"
    assert all(put.headers["Content-MD5"] == md5(put.body) and len(put.body) <= BLOCK for put in store.puts)
    by_id = {put.query["blockid"][0]: put.body for put in blocks}
    assert b"".join(by_id[block.text or ""] for block in ElementTree.fromstring(last.body)) == content
    assert 1 < store.most_at_once <= BLOCKS_IN_FLIGHT


def test_two_uploads_of_one_name_have_blocks_of_their_own(store: Store, blobs: BlobRequests, tmp_path: Path) -> None:
    source = tmp_path / "a"
    source.write_bytes(b"x" * (BLOCK + 1))
    for _ in range(2):
        upload(blobs, source, "a")
    blocks = [put.query["blockid"][0] for put in store.puts if "blockid" in put.query]
    assert len(set(blocks)) == len(blocks) == 4


@pytest.mark.parametrize("status", [429, 503])
def test_upload_waits_as_long_as_storage_says(store: Store, blobs: BlobRequests, tmp_path: Path, status: int) -> None:
    source = tmp_path / "a"
    source.write_bytes(b"12345")
    store.answers.append((status, {"Retry-After": "1"}))
    began = time.monotonic()
    upload(blobs, source, "a")
    assert time.monotonic() - began >= 1
    assert [put.body for put in store.puts] == [b"12345"]


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (404, "ContainerNotFound", ResourceNotFoundError),
        (409, "BlobAlreadyExists", ResourceExistsError),
        (403, "AuthorizationFailure", HttpResponseError),
        (400, "Md5Mismatch", HttpResponseError),
    ],
)
def test_refused_upload_is_an_error_with_its_code(
    store: Store, blobs: BlobRequests, tmp_path: Path, status: int, code: str, error: type[HttpResponseError]
) -> None:
    source = tmp_path / "a"
    source.write_bytes(b"12345")
    store.answers.append((status, {"x-ms-error-code": code}))
    with pytest.raises(error, match=f"{code}: the blob 'a'"):
        upload(blobs, source, "a", NEVER_REPLACE)
    assert store.puts == []


def test_block_that_is_refused_ends_the_upload_without_a_blob(
    store: Store, blobs: BlobRequests, tmp_path: Path
) -> None:
    source = tmp_path / "a"
    source.write_bytes(b"x" * (20 * BLOCK))
    store.answers.append((403, {"x-ms-error-code": "AuthorizationFailure"}))
    with pytest.raises(HttpResponseError, match="AuthorizationFailure"):
        upload(blobs, source, "a")
    assert len(store.puts) < 20
    assert not any(put.query.get("comp") == ["blocklist"] for put in store.puts)
