"""The gate before storage: it reads the head of each request, refuses it or passes it on, and streams the rest.

It stands on storage's port only in a cloud whose storage refuses; on a laptop Azurite has that port itself. Every
request has a connection of its own, so that nothing behind its head needs to be understood.
"""

import asyncio
import contextlib
import logging
import ssl
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from xml.sax.saxutils import escape

from shoal.local import times
from shoal.local.errors import BatchError
from shoal.local.identity.certificates import Certificates

log = logging.getLogger(__name__)

LONGEST_HEAD = 1 << 16
CHUNK = 1 << 16
NEVER_PAUSED = 1 << 40
"""Bytes of an answer that may wait for its client. Over TLS asyncio drops what it has not yet passed on if the sender
closes while reading is paused (seen with Python 3.11): the end of a large blob was lost."""
STORAGE_BACK_WITHIN = 30.0
"""Seconds that a request waits for Azurite, which is away while it is started again."""
READ_OUT_WITHIN = 30.0
"""Seconds to take the rest of a request that was refused: a client may read the answer only after it has sent all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobRequest:
    """The head of a request to storage."""

    method: str
    target: str
    """Path and query as sent; the account is the first segment of the path."""
    headers: tuple[tuple[str, str], ...]

    def header(self, name: str) -> str | None:
        """Return a header's value; `name` is in lower case."""
        return next((value for key, value in self.headers if key.lower() == name), None)

    def without(self, *names: str) -> "BlobRequest":
        return replace(self, headers=tuple((key, value) for key, value in self.headers if key.lower() not in names))

    def encoded(self) -> bytes:
        lines = (f"{self.method} {self.target} HTTP/1.1", *(f"{key}: {value}" for key, value in self.headers), "", "")
        return "\r\n".join(lines).encode("latin-1")


Admit = Callable[[BlobRequest], BlobRequest]
"""Return the request as storage is to see it. Raises BatchError, whose code and message are storage's."""


class Gate:
    def __init__(self, admit: Admit, *, storage_port: int, certificates: Certificates | None = None) -> None:
        """With certificates both sides speak HTTPS."""
        self.admit = admit
        self.storage_port = storage_port
        self.certificates = certificates
        self.trust = certificates and ssl.create_default_context(cafile=certificates.authority)
        self.server: asyncio.Server | None = None
        self.connections: set[asyncio.Task[None]] = set()

    async def open(self, port: int) -> None:
        identity = None
        if self.certificates is not None:
            identity = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            identity.load_cert_chain(self.certificates.server, self.certificates.server_key)
        self.server = await asyncio.start_server(self._accept, "127.0.0.1", port, limit=LONGEST_HEAD, ssl=identity)

    async def close(self) -> None:
        if self.server is not None:
            self.server.close()
        for connection in self.connections:
            connection.cancel()
        await asyncio.gather(*self.connections, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Tasks of its own, since the server's `close` ends only its listening.
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self.connections.add(task)
        task.add_done_callback(self.connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = parse(await reader.readuntil(b"\r\n\r\n"))
            await self._answer(request, reader, writer)
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError, TimeoutError):
            # The client or Azurite is gone, or this was no HTTP: what is left is to close the connection.
            pass
        except Exception:
            # The gate must go on serving others.
            log.exception("a request to storage failed")
        finally:
            writer.close()

    async def _answer(self, request: BlobRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            admitted = self.admit(request)
        except BatchError as exc:
            await _refuse(request, exc, reader, writer)
            return
        await self._pass_on(admitted, reader, writer)

    async def _pass_on(self, request: BlobRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_storage, to_storage = await self._connect()
        # Azurite ends the connection after its answer, which tells the client to take another for its next request.
        alone = request.without("connection", "keep-alive")
        to_storage.write(replace(alone, headers=(*alone.headers, ("Connection", "close"))).encoded())
        upload = asyncio.get_running_loop().create_task(_copy(reader, to_storage))
        try:
            await _copy(from_storage, writer)
        finally:
            upload.cancel()
            to_storage.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Raises TimeoutError where Azurite stays away."""
        limit = LONGEST_HEAD if self.trust is None else NEVER_PAUSED
        async with asyncio.timeout(STORAGE_BACK_WITHIN):
            while True:
                with contextlib.suppress(ConnectionError):
                    return await asyncio.open_connection("127.0.0.1", self.storage_port, limit=limit, ssl=self.trust)
                await asyncio.sleep(0.02)


def parse(head: bytes) -> BlobRequest:
    """Raises ValueError for what is no request of HTTP."""
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, target, _ = first.split(" ")
    pairs = (line.partition(":") for line in lines)
    return BlobRequest(
        method=method, target=target, headers=tuple((name.strip(), value.strip()) for name, _, value in pairs)
    )


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """Copy until the source ends, then end the target: whoever has gone needs no more."""
    try:
        while chunk := await source.read(CHUNK):
            target.write(chunk)
            await target.drain()
    except OSError:
        pass
    finally:
        target.close()


async def _refuse(
    request: BlobRequest, refusal: BatchError, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    writer.write(refusal_answer(request, refusal))
    await writer.drain()
    if writer.can_write_eof():  # not over TLS
        writer.write_eof()
    async with asyncio.timeout(READ_OUT_WITHIN):
        while await reader.read(CHUNK):
            continue


def refusal_answer(request: BlobRequest, refusal: BatchError) -> bytes:
    """Return the answer in Azure Storage's form. Source: REST reference, "Status and error codes"; no body to HEAD."""
    request_id = str(uuid.uuid4())
    text = f"{refusal.message}\nRequestId:{request_id}\nTime:{times.iso(times.now())}"
    body = (
        '<?xml version="1.0" encoding="utf-8"?>'
        f"<Error><Code>{refusal.code}</Code><Message>{escape(text)}</Message></Error>"
    ).encode()
    lines = (
        f"HTTP/1.1 {refusal.status} {refusal.message.partition('.')[0]}",
        f"Content-Length: {len(body)}",
        "Content-Type: application/xml",
        f"x-ms-error-code: {refusal.code}",
        f"x-ms-request-id: {request_id}",
        "x-ms-version: 2025-01-05",
        f"Date: {times.http_date(times.now())}",
        *(f"{name}: {value}" for name, value in refusal.headers.items()),
        "Connection: close",
        "",
        "",
    )
    return "\r\n".join(lines).encode() + (b"" if request.method == "HEAD" else body)
