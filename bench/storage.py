"""Blobs by raw requests over plain sockets: the most that storage gives to a client that does nothing else."""

import base64
import hashlib
import os
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import BinaryIO, TypeVar
from urllib.parse import urlsplit

from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import BlobServiceClient, ContainerSasPermissions, generate_container_sas
from service import Service

from shoal.local.azurite import blob_server
from shoal.local.storage import free_port

Item = TypeVar("Item")


class RawConnection:
    """A kept connection. A request is sent in one piece, and only as much of an answer is read as it takes."""

    def __init__(self, host: str, port: int) -> None:
        self._socket = socket.create_connection((host, port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._answers = self._socket.makefile("rb", buffering=1 << 16)

    def get(self, path: str, *, target: BinaryIO | None = None, headers: str = "") -> int:
        """Return the number of bytes, which go to the target where there is one."""
        self._socket.sendall(f"GET {path} HTTP/1.1\r\nHost: storage\r\n{headers}\r\n".encode())
        left = length = self._head()
        while left:
            piece = self._answers.read(min(left, 1 << 20))
            if not piece:
                raise RuntimeError("an answer ended early")
            left -= len(piece)
            if target is not None:
                target.write(piece)
        return length

    def put(self, path: str, content: bytes, *, headers: str = "x-ms-blob-type: BlockBlob\r\n") -> None:
        """Store the content. With a checksum: without one the embedded storage computes a much slower one."""
        checksum = base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
        head = (
            f"PUT {path} HTTP/1.1\r\nHost: storage\r\n{headers}Content-MD5: {checksum}\r\n"
            f"Content-Length: {len(content)}\r\n\r\n"
        ).encode()
        if len(content) < 1 << 16:
            self._socket.sendall(head + content)
        else:
            self._socket.sendall(head)
            self._socket.sendall(content)
        self._answers.read(self._head())

    def close(self) -> None:
        self._answers.close()
        self._socket.close()

    def _head(self) -> int:
        """Read the head of an answer and return the length of its body."""
        status, length = self._answers.readline(), 0
        while (line := self._answers.readline()) not in (b"\r\n", b""):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        if status.split()[1:2] not in ([b"200"], [b"201"], [b"206"]):
            raise RuntimeError(f"{status.decode().strip()}: {self._answers.read(length)[:500].decode()}")
        return length


@contextmanager
def published_azurite(service: Service) -> Iterator[Service]:
    """Yield the service with another storage of the same account: Azurite as it is published."""
    status, (node, *_, script) = service.status, blob_server()
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="shoal-bench-") as folder, subprocess.Popen(
        [
            node, script, "--blobPort", str(port), "--location", folder,
            "--silent", "--skipApiVersionCheck", "--disableTelemetry",
        ],
        env=os.environ | {"AZURITE_ACCOUNTS": f"{status.storage_account}:{status.storage_key}"},
        stdout=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        try:
            _wait_for_listener(port)
            yield Service(status=replace(status, blob_endpoint=f"http://127.0.0.1:{port}/{status.storage_account}"))
        finally:
            process.terminate()


def _wait_for_listener(port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


class Container:
    """A container, and paths of its blobs that carry a signature."""

    def __init__(self, service: Service, name: str) -> None:
        status = service.status
        url = urlsplit(status.blob_endpoint)
        self.host, self.port = url.hostname or "", url.port or 0
        self.url = f"{status.blob_endpoint}/{name}"
        client = BlobServiceClient(status.blob_endpoint, credential=status.storage_key)
        with client, suppress(ResourceExistsError):
            client.create_container(name)
        self.signature = generate_container_sas(
            status.storage_account,
            name,
            account_key=status.storage_key,
            permission=ContainerSasPermissions.from_string("rwcl"),
            expiry=datetime.now(UTC) + timedelta(hours=2),
        )
        self.signed_url = f"{self.url}?{self.signature}"

    def path(self, blob: str, query: str = "") -> str:
        return f"{urlsplit(self.url).path}/{blob}?{query}{self.signature}"

    def each(self, items: Sequence[Item], send: Callable[[RawConnection, Item], object], *, connections: int) -> None:
        """Call `send` once for each item, over this many connections at once."""
        local, opened = threading.local(), list[RawConnection]()

        def connection() -> RawConnection:
            if not hasattr(local, "connection"):
                local.connection = RawConnection(self.host, self.port)
                opened.append(local.connection)
            found: RawConnection = local.connection
            return found

        with ThreadPoolExecutor(connections) as threads:
            for _ in threads.map(lambda item: send(connection(), item), items):
                pass
        for one in opened:
            one.close()
