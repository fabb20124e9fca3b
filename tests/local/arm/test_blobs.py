"""Storage is away for a while whenever it learns of an account; whoever needs it waits."""

import base64
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

from shoal.local.arm.package_blobs import AutoStorage, make_container

AWAY = 5.0
"""Seconds; more than a blob client's connection attempts last unless told otherwise."""


class Created(BaseHTTPRequestHandler):
    def do_PUT(self) -> None:
        self.send_response(201)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_container_is_made_once_storage_is_back() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    def come_back() -> None:
        with HTTPServer(("127.0.0.1", port), Created) as server:
            server.handle_request()

    back = threading.Timer(AWAY, come_back)
    back.start()
    began = time.monotonic()
    key = base64.b64encode(b"key").decode()
    url = f"http://127.0.0.1:{port}/a"
    assert make_container(AutoStorage(name="a", key=key, url=url, direct_url=url), "made")
    assert time.monotonic() - began > AWAY - 1
    back.join()
