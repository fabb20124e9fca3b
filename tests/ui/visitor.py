"""A visitor of the page's server without a browser: plain requests on loopback, with or without the cookie."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from queue import Queue
from typing import Any
from urllib.parse import quote, urlsplit

from shoal.environment import Environment
from shoal.ui.server import listen, server

WITHIN = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str


@dataclass(slots=True, kw_only=True)
class Visitor:
    addresses: Queue[str]
    """The one-time addresses that the server has given out."""
    port: int
    cookie: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def open(self) -> "Visitor":
        """Exchange the next address for a cookie."""
        address = urlsplit(self.addresses.get(timeout=WITHIN))
        answer = self.get(f"{address.path}?{address.query}")
        assert answer.status == 303, answer
        self.cookie = answer.headers["set-cookie"].partition(";")[0]
        return self

    def get(self, path: str, **headers: str) -> Answer:
        return self._request("GET", path, headers)

    def post(self, path: str, body: Mapping[str, Any] | None = None, **headers: str) -> Answer:
        own = {"Origin": self.origin, "Content-Type": "application/json"}
        return self._request("POST", path, own | headers, json.dumps(body or {}))

    def events(self, page: str) -> Iterator[tuple[str, Any]]:
        """Yield the kind and the content of each event of a page."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=WITHIN)
        try:
            connection.request("GET", f"/events?page={quote(page)}", headers=self._with_cookie({}))
            answer = connection.getresponse()
            assert answer.status == 200, answer.read()
            yield from _events(answer)
        finally:
            connection.close()

    def until(self, page: str, holds: Callable[[Any], bool], kind: str = "document") -> Any:
        """Return the first content that holds. Fails at an event of another kind."""
        events = self.events(page)
        try:
            for found, content in events:
                assert found == kind, content
                if holds(content):
                    return content
        finally:
            events.close()  # type: ignore[attr-defined]  # a generator

    def document(self, page: str) -> Any:
        return self.until(page, lambda _: True)

    def _with_cookie(self, headers: Mapping[str, str]) -> dict[str, str]:
        return ({"Cookie": self.cookie} if self.cookie else {}) | {
            name.replace("_", "-"): value for name, value in headers.items()
        }

    def _request(self, method: str, path: str, headers: Mapping[str, str], body: str | None = None) -> Answer:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=WITHIN)
        try:
            connection.request(method, path, body, self._with_cookie(headers))
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(status=answer.status, headers=found, text=answer.read().decode())
        finally:
            connection.close()


@contextmanager
def visited(find: Callable[[], Environment], *, read_only: bool = False) -> Iterator[Visitor]:
    """Serve a stack's pages, and yield a visitor that has not opened its address."""
    addresses: Queue[str] = Queue()
    with listen(0) as listening:
        serving = server(
            find, listening, read_only=read_only, on_address=lambda address, _is_first: addresses.put(address)
        )
        thread = threading.Thread(target=serving.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield Visitor(addresses=addresses, port=listening.getsockname()[1])
        finally:
            serving.should_exit = True
            thread.join()


def _events(answer: HTTPResponse) -> Iterator[tuple[str, Any]]:
    kind = ""
    while line := answer.readline().decode().rstrip("\n"):
        if line.startswith("event: "):
            kind = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield kind, json.loads(line.removeprefix("data: "))
            assert answer.readline() == b"\n"
        else:  # a comment
            assert answer.readline() == b"\n"
