"""A relay before the service: it counts requests, and can be cut off and put back, as a service that goes away."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

METHODS = (b"GET ", b"POST ", b"PUT ", b"HEAD ", b"DELETE ")


@dataclass(slots=True)
class Relay:
    service: str
    """The address of the service behind it."""
    port: int
    requests: int = 0
    is_cut: bool = False
    _connections: list[socket.socket] = field(default_factory=list)

    @property
    def address(self) -> str:
        """The service's address through the relay."""
        return urlunsplit(urlsplit(self.service)._replace(netloc=f"127.0.0.1:{self.port}"))

    def cut(self) -> None:
        """Close all connections, and accept no other."""
        self.is_cut = True
        for connection in self._connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def put_back(self) -> None:
        self.is_cut = False

    def serve(self, listening: socket.socket) -> None:
        """Relay connections until the socket is closed."""
        with suppress(OSError):
            while True:
                client, _ = listening.accept()
                if self.is_cut:
                    client.close()
                    continue
                parts = urlsplit(self.service)
                upstream = socket.create_connection((parts.hostname, parts.port))
                self._connections += [client, upstream]
                threading.Thread(target=self._copy, args=(client, upstream, True), daemon=True).start()
                threading.Thread(target=self._copy, args=(upstream, client, False), daemon=True).start()

    def _copy(self, source: socket.socket, target: socket.socket, is_request: bool) -> None:
        with source, target, suppress(OSError):
            while part := source.recv(65536):
                # A client sends the head of a request at once.
                self.requests += is_request and part.startswith(METHODS)
                target.sendall(part)


@contextmanager
def relayed(service: str) -> Iterator[Relay]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        relay = Relay(service, listening.getsockname()[1])
        thread = threading.Thread(target=relay.serve, args=(listening,))
        thread.start()
        try:
            yield relay
        finally:
            relay.cut()
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            thread.join()
