"""A loopback server that answers Batch calls from a script and remembers what it was sent: throttling, refusals and
lost connections that a healthy service does not show."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from azure.batch import BatchClient
from azure.core.credentials import AzureNamedKeyCredential

KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw=="


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    lost: bool = False
    """The connection is closed without a word."""


Script = Callable[[list[dict[str, Any]]], Answer]
"""Maps the tasks of one addtaskcollection call to its answer."""


def all_added(tasks: list[dict[str, Any]]) -> Answer:
    return Answer(body={"value": [{"status": "success", "taskId": task["id"]} for task in tasks]})


def refused(status: int, code: str, **headers: str) -> Answer:
    return Answer(
        status=status,
        body={"code": code, "message": {"lang": "en-US", "value": f"{code}.\nRequestId:1"}},
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )


@contextmanager
def scripted(*scripts: Script) -> Iterator[tuple[BatchClient, list[list[str]]]]:
    """A client, and the ids of each call's tasks. Each script answers one call; the last one all that follow."""
    calls: list[list[str]] = []
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            tasks = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["value"]
            with lock:
                script = scripts[min(len(calls), len(scripts) - 1)]
                calls.append([task["id"] for task in tasks])
            self._send(script(tasks))

        def _send(self, answer: Answer) -> None:
            if answer.lost:
                self.close_connection = True
                return
            body = json.dumps(answer.body).encode()
            self.send_response(answer.status)
            for name, value in {"Content-Type": "application/json", **answer.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        endpoint = f"http://127.0.0.1:{server.server_port}/acct"
        with BatchClient(endpoint, AzureNamedKeyCredential("acct", KEY)) as client:
            yield client, calls
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
