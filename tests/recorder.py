"""Servers on loopback that remember who sent which token: one that is called directly, one that stands for Azure."""

import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.certificates import certificate_of

KEYS = {"primary": "a2V5", "keys": [{"value": "a2V5"}]}
"""An answer to both listKeys operations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorder:
    url: str
    tokens: list[str | None] = field(default_factory=list)
    """The header Authorization of each request."""
    hosts: list[str] = field(default_factory=list)


@contextmanager
def recorder(*, status: int = 200, answer: Mapping[str, Any] = KEYS, location: str | None = None) -> Iterator[Recorder]:
    """Answer every request alike, over HTTP."""
    with _served(status, answer, location, tls=None) as recorded:
        yield recorded


@contextmanager
def azure_through_proxy(directory: Path, host: str, *, location: str | None = None) -> Iterator[Recorder]:
    """A proxy behind which every request reaches one host over HTTPS, with the certificate in `certificate.pem`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate_of(host, directory))
    with _served(307 if location else 200, KEYS, location, tls=context) as recorded:
        yield recorded


@contextmanager
def _served(
    status: int, answer: Mapping[str, Any], location: str | None, *, tls: ssl.SSLContext | None
) -> Iterator[Recorder]:
    tokens: list[str | None] = []
    hosts: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_CONNECT(self) -> None:
            assert tls is not None
            self.send_response(200)
            self.end_headers()
            self.connection = tls.wrap_socket(self.connection, server_side=True)
            self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", buffering=0)
            self.close_connection = False

        def _answer(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"] or 0))
            tokens.append(self.headers["Authorization"])
            hosts.append(self.headers["Host"])
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            if location is not None:
                self.send_header("Location", location)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 - names that the server looks for

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Recorder(url=f"http://127.0.0.1:{server.server_port}", tokens=tokens, hosts=hosts)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
