"""Requests that add task collections, built and signed before the clock starts: only the service is measured."""

import base64
import hashlib
import hmac
import json
import socket
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from typing import Any
from urllib.parse import urlsplit

from service import Service

API_VERSION = "2025-06-01"
CONTENT_TYPE = "application/json; odata=minimalmetadata"
COLLECTION = 100
"""Tasks in one request. Source: REST reference, Task - Add Collection: at most 100."""


def short_tasks(command_line: str, *, count: int) -> list[Mapping[str, Any]]:
    return [{"id": f"task-{number:07}", "commandLine": command_line} for number in range(count)]


def task_collections(service: Service, job: str, tasks: Sequence[Mapping[str, Any]]) -> list[bytes]:
    return [_request(service, job, tasks[start : start + COLLECTION]) for start in range(0, len(tasks), COLLECTION)]


def post_all(service: Service, requests: Sequence[bytes], *, connections: int) -> int:
    """Send the requests over this many connections, and return how many tasks were accepted."""
    shares = [requests[first::connections] for first in range(connections)]
    with ThreadPoolExecutor(connections) as threads:
        return sum(threads.map(lambda share: _post(service, share), shares))


def _request(service: Service, job: str, tasks: Sequence[Mapping[str, Any]]) -> bytes:
    url = urlsplit(service.endpoint)
    path = f"{url.path}/jobs/{job}/addtaskcollection"
    body = json.dumps({"value": tasks}).encode()
    date = formatdate(usegmt=True)
    # Source: REST reference, "Authenticate requests to the Azure Batch service"; the empty lines are absent headers.
    text = (
        f"POST\n\n\n{len(body)}\n\n{CONTENT_TYPE}\n\n\n\n\n\n\nocp-date:{date}\n"
        f"/{service.account}{path}\napi-version:{API_VERSION}"
    )
    signature = base64.b64encode(hmac.digest(base64.b64decode(service.key), text.encode(), hashlib.sha256)).decode()
    head = (
        f"POST {path}?api-version={API_VERSION} HTTP/1.1\r\nHost: {url.netloc}\r\nContent-Type: {CONTENT_TYPE}\r\n"
        f"Content-Length: {len(body)}\r\nocp-date: {date}\r\n"
        f"Authorization: SharedKey {service.account}:{signature}\r\n\r\n"
    )
    return head.encode() + body


def _post(service: Service, requests: Sequence[bytes]) -> int:
    url = urlsplit(service.endpoint)
    accepted = 0
    with socket.create_connection((url.hostname, url.port)) as connection, connection.makefile("rb") as answers:
        for request in requests:
            connection.sendall(request)
            status = answers.readline()
            length = 0
            while (line := answers.readline()) != b"\r\n":
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            body = answers.read(length)
            if b" 200 " not in status:
                raise RuntimeError(f"{status.decode().strip()}: {body[:500].decode()}")
            accepted += sum(result["status"].lower() == "success" for result in json.loads(body)["value"])
    return accepted
