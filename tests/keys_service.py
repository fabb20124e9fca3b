"""The one part of ARM that jobs need: account keys, for whoever has the service's token."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from shoal.local.status import Status


@contextmanager
def keys_of(status: Status) -> Iterator[str]:
    """The endpoint of a loopback server that hands out the keys of a running service."""
    batch = {"accountName": status.account, "primary": status.key, "secondary": status.key}
    storage = {"keys": [{"keyName": "key1", "value": status.storage_key}]}

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            if self.headers["Authorization"] != f"Bearer {status.arm_token}":
                self.send_error(401)
            elif f"/batchAccounts/{status.account}/listKeys?" in self.path:
                self._send(json.dumps(batch).encode())
            elif f"/storageAccounts/{status.storage_account}/listKeys?" in self.path:
                self._send(json.dumps(storage).encode())
            else:
                self.send_error(404)

        def _send(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
