"""Requests that the official client would not send, signed with the account's key."""

import base64
import hashlib
import hmac
import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from shoal.service_status import Status

JSON = "application/json; odata=minimalmetadata"
VERSION = "2025-06-01"


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    headers: dict[str, str]
    """Values by lower-case name."""
    content: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.content)

    @property
    def code(self) -> str:
        """Batch's error code."""
        return str(self.body["code"])

    @property
    def values(self) -> dict[str, str]:
        """Values that the error gives beside its message."""
        return {item["key"]: item["value"] for item in self.body.get("values", ())}


class Raw:
    def __init__(self, status: Status) -> None:
        self.status = status
        self.url = urlsplit(status.batch_endpoint)

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        key: str | None = None,
    ) -> Response:
        """`path` is below the account and percent-encoded; `body` is JSON, or bytes that are sent as they are.

        A part of the query that is empty is left out.
        """
        given = {"api-version": VERSION, **(query or {})}
        target = f"{self.url.path}{path}?" + "&".join(
            f"{name}={quote(value)}" for name, value in given.items() if value
        )
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        sent = {"ocp-date": formatdate(usegmt=True), **({"content-type": JSON} if content else {}), **(headers or {})}
        signature = sign(method, target, sent, len(content), account=self.status.account, key=key or self.status.key)
        return self.send(method, target, content, {"Authorization": signature, **sent})

    def send(self, method: str, target: str, content: bytes, headers: Mapping[str, str]) -> Response:
        """Send a request as it is, without a signature."""
        connection = http.client.HTTPConnection(str(self.url.hostname), self.url.port, timeout=30)
        try:
            connection.request(method, target, content or None, dict(headers))
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Response(response.status, found, response.read())
        finally:
            connection.close()


def sign(method: str, target: str, headers: Mapping[str, str], length: int, *, account: str, key: str) -> str:
    """The Authorization header. Source: REST reference, "Authenticate requests to the Azure Batch service"."""
    lowered = {name.lower(): value for name, value in headers.items()}
    lowered["content-length"] = str(length) if length or method not in ("GET", "HEAD") else ""
    names = (
        "content-encoding content-language content-length content-md5 content-type date if-modified-since if-match"
        " if-none-match if-unmodified-since range"
    )
    path, _, query = target.partition("?")
    pairs = sorted(pair.partition("=")[::2] for pair in query.split("&"))
    lines = [
        method,
        *(lowered.get(name, "") for name in names.split()),
        *(f"{name}:{lowered[name]}" for name in sorted(lowered) if name.startswith("ocp-")),
        f"/{account}{path}",
        *(f"{name}:{unquote(value)}" for name, value in pairs if value),
    ]
    digest = hmac.digest(base64.b64decode(key), "\n".join(lines).encode(), hashlib.sha256)
    return f"SharedKey {account}:{base64.b64encode(digest).decode()}"
