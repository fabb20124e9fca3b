"""Blobs and lists whose answers end in the middle, on a loopback server."""

import os
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest
from azure.core.exceptions import HttpResponseError, ServiceResponseError

from shoal.blob_requests import MOST_CUTS, PIECE, Blob, BlobAccess, BlobChanged, BlobRequests, connections

CONTENT = b"0123456789"
BLOB = Blob(name="a/b c", etag="0x1", size=len(CONTENT), last_modified=0, md5=None)
PAGE = b"""<?xml version="1.0"?><EnumerationResults><Blobs><Blob><Name Encoded="true">a%0B</Name><Properties>
<Last-Modified>Thu, 01 Jan 1970 00:00:07 GMT</Last-Modified><Etag>0x1</Etag><Content-Length>3</Content-Length>
<Content-MD5 /></Properties></Blob></Blobs><NextMarker /></EnumerationResults>"""


@contextmanager
def answering(*answers: bytes) -> Iterator[tuple[BlobRequests, Sequence[str]]]:
    """Requests to a server that gives these answers, one for each connection, and the heads of what it was asked."""
    asked: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)  # for a client that asks less often than expected

        def serve() -> None:
            with suppress(TimeoutError):
                for answer in answers:
                    connection, _ = server.accept()
                    with connection:
                        asked.append(connection.recv(65536).decode())
                        connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        endpoint = f"http://127.0.0.1:{server.getsockname()[1]}/acct"
        access = BlobAccess(query="sig=s")
        yield BlobRequests(endpoint, "outputs", lambda _: access, connections=connections(endpoint, 1)), asked
        thread.join()


def answer(body: bytes, *, of: int | None = None, status: str = "200 OK", more: str = "") -> bytes:
    """An answer that announces `of` bytes and has those of the body."""
    length = len(body) if of is None else of
    return f"HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{more}\r\n".encode() + body


def test_blob_goes_on_after_the_pieces_that_came_before_the_cut() -> None:
    content = os.urandom(2 * PIECE + 500)
    blob, rest = replace(BLOB, size=len(content)), content[PIECE:]
    cut = answer(content[: PIECE + 100], of=len(content))
    cut_again = answer(rest[:100], of=len(rest), status="206 Partial Content")
    with answering(cut, cut_again, answer(rest, status="206 Partial Content")) as (blobs, asked):
        assert b"".join(blobs.pieces(blob)) == content
    ranges = [line for head in asked for line in head.splitlines() if line.startswith("Range:")]
    assert ranges == [f"Range: bytes={PIECE}-{len(content) - 1}"] * 2
    assert all('If-Match: "0x1"' in head and "GET /acct/outputs/a/b%20c?sig=s " in head for head in asked)


@pytest.mark.parametrize("cut", [answer(b"", of=10), answer(b"")], ids=["cut off", "too short"])
def test_blob_that_ends_early_each_time_ends_with_an_error(cut: bytes) -> None:
    with answering(*[cut] * (MOST_CUTS + 1)) as (blobs, _), pytest.raises(ServiceResponseError):
        list(blobs.pieces(BLOB))


def test_list_that_was_cut_off_is_asked_for_again() -> None:
    without_length = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + PAGE[:60]
    with answering(answer(PAGE[:60], of=len(PAGE)), without_length, answer(PAGE)) as (blobs, asked):
        assert list(blobs.listed("run/")) == [Blob(name="a\x0b", etag="0x1", size=3, last_modified=7.0, md5=None)]
    assert all("prefix=run%2F" in head for head in asked)


def test_refusals_tell_a_changed_blob_from_a_forbidden_one() -> None:
    changed = answer(b"", status="412 Precondition Failed", more="x-ms-error-code: ConditionNotMet\r\n")
    forbidden = answer(b"", status="403 Forbidden", more="x-ms-error-code: AuthorizationFailure\r\n")
    with answering(changed, forbidden) as (blobs, _):
        with pytest.raises(BlobChanged, match="was changed or deleted meanwhile"):
            list(blobs.pieces(BLOB))
        with pytest.raises(HttpResponseError, match="AuthorizationFailure: the blob 'a/b c' cannot be read"):
            list(blobs.pieces(BLOB))


def test_container_that_is_not_there_has_no_blobs() -> None:
    with answering(answer(b"", status="404 Not Found")) as (blobs, _):
        assert list(blobs.listed("run/")) == []
