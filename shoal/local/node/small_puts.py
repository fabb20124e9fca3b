"""Small blobs go to the service's own storage in one piece over kept sockets.

A task leaves a few small files, and an HTTP client's own work for each takes as long as storage's. Whatever does not go
well is left to such a client, with its retries: a PUT of a whole blob can be sent again.
"""

import socket
import threading
from collections.abc import Mapping
from urllib.parse import urlsplit

import urllib3

from shoal.blob_requests import Connections

SMALL = 1 << 16
"""Bytes of the largest content that is sent so."""
PATIENCE = 60.0
"""Seconds without an answer."""


class Unclear(OSError):
    """The answer does not say that the blob is stored, and not where the answer ends."""


class SmallPuts:
    """The `Connections` to one host: small PUTs are sent from here, all else, and what fails, by `others`."""

    def __init__(self, endpoint: str, others: Connections) -> None:
        address = urlsplit(endpoint)
        self.host = address.netloc
        self.address = address.hostname or "", address.port or 80
        self.others = others
        self.of_thread = threading.local()

    def __call__(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> urllib3.BaseHTTPResponse:
        if method == "PUT" and body is not None and len(body) <= SMALL:
            try:
                self._put(self._socket(), self._request(path, headers, body))
            except (OSError, ValueError):
                self._forget()
            else:
                return urllib3.HTTPResponse(status=201)
        return self.others(method, path, headers, body)

    def _request(self, path: str, headers: Mapping[str, str], body: bytes) -> bytes:
        lines = [f"PUT {path} HTTP/1.1", f"Host: {self.host}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if not all(map(str.isprintable, lines)):
            raise ValueError("a line end in a header would end it")
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + body

    def _put(self, kept: socket.socket, request: bytes) -> None:
        """Return when storage has answered that the blob is there. Raises OSError for all other answers."""
        kept.sendall(request)
        answer = b""
        while b"\r\n\r\n" not in answer:
            piece = kept.recv(1 << 16)
            if not piece:
                raise Unclear("the connection ended")
            answer += piece
        if not answer.startswith(b"HTTP/1.1 201 ") or b"\r\ncontent-length: 0\r\n" not in answer.lower():
            raise Unclear("no blob was stored")

    def _socket(self) -> socket.socket:
        kept: socket.socket | None = getattr(self.of_thread, "socket", None)
        if kept is None:
            kept = self.of_thread.socket = socket.create_connection(self.address, timeout=PATIENCE)
            kept.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return kept

    def _forget(self) -> None:
        """Close the thread's connection, on which the rest of an answer may stand."""
        kept: socket.socket | None = getattr(self.of_thread, "socket", None)
        if kept is not None:
            kept.close()
            self.of_thread.socket = None
