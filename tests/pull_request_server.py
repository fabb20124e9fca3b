"""A server on loopback that keeps comments as GitHub's and Azure DevOps' REST interfaces do."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(slots=True, kw_only=True)
class PullRequests:
    address: str
    comments: list[dict[str, Any]] = field(default_factory=list)
    """Comments on one pull request at GitHub."""
    threads: list[dict[str, Any]] = field(default_factory=list)
    """Threads on one pull request at Azure DevOps."""
    tokens: set[str] = field(default_factory=set)


@contextmanager
def pull_requests() -> Iterator[PullRequests]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    kept = PullRequests(address=f"http://127.0.0.1:{server.server_port}")
    server.kept = kept  # type: ignore[attr-defined]  # the handler has no other way to what is kept
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        path, query = self._asked()
        if re.fullmatch(r"/repos/o/r/issues/7/comments", path):
            size, page = int(query["per_page"]), int(query["page"])
            self._answer(self._kept.comments[size * (page - 1) : size * page])
        elif path.endswith("/pullRequests/8/threads"):
            self._answer({"value": self._kept.threads})
        else:
            self._answer({"message": "Not Found"}, status=404)

    def do_POST(self) -> None:
        path, _ = self._asked()
        body = self._body()
        if path == "/repos/o/r/issues/7/comments":
            made = {"id": len(self._kept.comments) + 1, "user": {"type": "Bot"}, **body}
            self._kept.comments.append(made)
        else:
            comments = [{"id": i + 1, **comment} for i, comment in enumerate(body["comments"])]
            made = {"id": len(self._kept.threads) + 1, **body, "comments": comments}
            self._kept.threads.append(made)
        self._answer(made, status=201)

    def do_PATCH(self) -> None:
        path, _ = self._asked()
        if at_github := re.fullmatch(r"/repos/o/r/issues/comments/(\d+)", path):
            changed = self._kept.comments[int(at_github[1]) - 1]
        else:
            thread, comment = map(int, re.findall(r"/threads/(\d+)/comments/(\d+)", path)[0])
            changed = self._kept.threads[thread - 1]["comments"][comment - 1]
        changed.update(self._body())
        self._answer(changed)

    @property
    def _kept(self) -> PullRequests:
        kept: PullRequests = self.server.kept  # type: ignore[attr-defined]  # see pull_requests
        return kept

    def _asked(self) -> tuple[str, dict[str, str]]:
        self._kept.tokens.add(self.headers["Authorization"])
        parts = urlsplit(self.path)
        return parts.path, {name: values[0] for name, values in parse_qs(parts.query).items()}

    def _body(self) -> Any:
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

    def _answer(self, content: Any, *, status: int = 200) -> None:
        payload = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""
