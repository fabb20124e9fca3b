"""The one caller of the embedded service's ARM side, and of its own interface beside it: JSON in and out."""

import json
import ssl
import time
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from shoal.errors import BadInput, WorkFailed
from shoal.service_status import Status

OPERATION_DEADLINE = 300.0
"""Seconds that an operation may take; nodes leave a deleted pool one by one."""
POLL_INTERVAL = 0.05
MOST_REPEATS = 10
TIMEOUT = 120.0
"""Seconds until a silent connection is given up."""


class ArmError(WorkFailed):
    """A refusal by the service; `code` is ARM's."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{message} ({code})")
        self.status = status
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    status: int
    content: bytes
    patience: int | None
    """Seconds to wait before the next request."""
    location: str | None
    """The address of the result of an operation that was only accepted."""


class ArmClient:
    """A client that threads may share: every call opens a connection of its own.

    The endpoint and the token come from one status, so that the token goes to no other service.
    """

    def __init__(self, status: Status) -> None:
        self.endpoint = status.arm_endpoint
        self._address = urlsplit(status.arm_endpoint).netloc
        self._trust = None if status.ca_file is None else ssl.create_default_context(cafile=status.ca_file)
        self._headers = {"Authorization": f"Bearer {status.arm_token}", "Content-Type": "application/json"}

    def get(self, path: str, api_version: str) -> dict[str, Any] | None:
        """Return the resource, or None where there is none."""
        try:
            return self._call("GET", path, api_version)
        except ArmError as exc:
            if exc.status == 404:
                return None
            raise

    def put(self, path: str, api_version: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._call("PUT", path, api_version, body)

    def post(self, path: str, api_version: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        return self._call("POST", path, api_version, body)

    def delete(self, path: str, api_version: str) -> None:
        """Return when the resource is gone, or was never there."""
        try:
            self._call("DELETE", path, api_version)
        except ArmError as exc:
            if exc.status != 404:
                raise

    def _call(self, verb: str, path: str, api_version: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Call, and wait for the result of an operation that the service only accepts."""
        answer = self._answer(verb, f"{quote(path)}?{urlencode({'api-version': api_version})}", body)
        deadline = time.monotonic() + OPERATION_DEADLINE
        while answer.status == 202 and answer.location is not None:
            if time.monotonic() > deadline:
                raise WorkFailed(f"{verb} {path} is still not done after {OPERATION_DEADLINE:.0f} s")
            time.sleep(answer.patience or POLL_INTERVAL)
            answer = self._answer("GET", self._target(answer.location), None)
        if answer.status >= 300:  # the service redirects nothing
            raise _error(answer.status, answer.content)
        return json.loads(answer.content) if answer.content else {}

    def _target(self, location: str) -> str:
        """Return path and query of an address of the service. Raises WorkFailed for others: the token is not theirs."""
        parts = urlsplit(location)
        if parts.netloc != self._address:
            raise WorkFailed(f"the embedded service sends to {location} for a result, which is not its own address")
        return f"{parts.path}?{parts.query}"

    def _answer(self, verb: str, target: str, body: dict[str, Any] | None) -> _Answer:
        """Call, and call again where the service asks for patience or the answer of a repeatable call was cut."""
        for _ in range(MOST_REPEATS):
            try:
                answer = self._exchange(verb, target, body)
            except HTTPException as exc:
                if verb == "POST":
                    raise WorkFailed(f"the answer of the embedded service to POST {target} was cut: {exc!r}") from exc
                continue
            if answer.status not in (429, 503) or answer.patience is None:
                return answer
            time.sleep(answer.patience)
        raise WorkFailed(f"the embedded service did not answer {verb} {target} in {MOST_REPEATS} attempts")

    def _connection(self) -> HTTPConnection:
        if self._trust is None:
            return HTTPConnection(self._address, timeout=TIMEOUT)
        return HTTPSConnection(self._address, timeout=TIMEOUT, context=self._trust)

    def _exchange(self, verb: str, target: str, body: dict[str, Any] | None) -> _Answer:
        """Raises HTTPException where the answer is cut."""
        try:
            with closing(self._connection()) as connection:
                connection.request(verb, target, None if body is None else json.dumps(body), self._headers)
                response = connection.getresponse()
                content = response.read()
                patience = response.getheader("Retry-After")
                location = response.getheader("Location")
        except OSError as exc:
            raise BadInput(
                f"the embedded service at {self.endpoint} does not answer; start it with `shoal local start` ({exc})"
            ) from exc
        return _Answer(
            status=response.status,
            content=content,
            patience=None if patience is None else int(patience),
            location=location,
        )


def _error(status: int, text: bytes) -> ArmError:
    try:
        error = json.loads(text)["error"]
        return ArmError(status, error["code"], error["message"])
    except (ValueError, KeyError, TypeError):
        return ArmError(status, f"HTTP {status}", text.decode(errors="replace")[:500])
