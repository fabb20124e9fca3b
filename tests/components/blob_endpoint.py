"""A blob endpoint over HTTPS on loopback that answers from a script: Azurite takes no tokens without a certificate."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.certificates import certificate_of

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobEndpoint:
    url: str
    certificate: Path
    authorizations: list[str | None] = field(default_factory=list)
    """The header of each request."""


@contextmanager
def blob_endpoint(directory: Path, refusals: list[str]) -> Iterator[BlobEndpoint]:
    """Each PUT is refused with the next error code of the list, and taken when there is none left."""
    certificate = certificate_of(LOOPBACK, directory)
    answers = iter(refusals)
    seen: list[str | None] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            seen.append(self.headers["Authorization"])
            refused = next(answers, None)
            self.send_response(201 if refused is None else 403)
            if refused is not None:
                self.send_header("x-ms-error-code", refused)
            self.send_header("Content-Length", "0")
            self.send_header("ETag", '"0x1"')
            self.send_header("Last-Modified", "Sun, 22 Nov 2026 12:00:00 GMT")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        url = f"https://{LOOPBACK}:{server.server_address[1]}/account/app/1.0"
        yield BlobEndpoint(url=url, certificate=certificate, authorizations=seen)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
