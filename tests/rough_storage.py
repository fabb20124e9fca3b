"""A server before storage that throttles some requests and cuts others off, before or after storage has had them."""

import itertools
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import urllib3


class RoughStorage(ThreadingHTTPServer):
    """A proxy that disturbs five of twenty requests: one gets 503, one gets 429, three are cut off."""

    daemon_threads = True

    def __init__(self, storage: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.storage = storage
        self.http = urllib3.PoolManager(maxsize=32, retries=False)
        self.numbers = itertools.count()
        self.passed = 0
        self.disturbed = 0

    def handle_error(self, request: object, client_address: object) -> None:
        """Print nothing: connections end in the middle here by design."""


class _Handler(BaseHTTPRequestHandler):
    server: RoughStorage
    protocol_version = "HTTP/1.1"
    # One write for each answer: the head alone would wait for the client's acknowledgement.
    wbufsize = -1

    def do_GET(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def _answer(self) -> None:
        kind = next(self.server.numbers) % 20
        self.server.disturbed += kind < 5
        length = int(self.headers.get("Content-Length", 0))
        if kind == 0:
            self.rfile.read(length // 2)
            self._cut()
            return
        body = self.rfile.read(length)
        if kind in (1, 2):
            self._throttle(503 if kind == 1 else 429)
            return
        answer = self._passed_on(body)
        if kind == 3:
            self._cut()
            return
        self._pass_back(answer, answer.data[: len(answer.data) // 2] if kind == 4 else answer.data)
        if kind == 4:
            self._cut()

    def _passed_on(self, body: bytes) -> urllib3.BaseHTTPResponse:
        headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
        self.server.passed += 1
        return self.server.http.request(self.command, f"{self.server.storage}{self.path}", body=body, headers=headers)

    def _pass_back(self, answer: urllib3.BaseHTTPResponse, content: bytes) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in ("content-length", "transfer-encoding", "connection", "date", "server"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.data)))
        self.end_headers()
        self.wfile.write(content)

    def _throttle(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Retry-After", "0")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _cut(self) -> None:
        self.wfile.flush()
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def rough_storage(storage: str) -> Iterator[tuple[str, RoughStorage]]:
    """Yield the URL of a server before the storage at `http://HOST:PORT`, and the server."""
    with RoughStorage(storage) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", server
        finally:
            server.shutdown()
            thread.join()
