"""The one caller of the embedded service's ARM side, and of its own interface beside it: JSON in and out."""

import json
import ssl
import time
from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from shoal.errors import BadInput, WorkFailed
from shoal.service_status import Status

DELETION_DEADLINE = 300.0
"""Seconds that a deletion may take; nodes leave a pool one by one."""
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
            return self._call("GET", path, api_version)[1]
        except ArmError as exc:
            if exc.status == 404:
                return None
            raise

    def put(self, path: str, api_version: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._call("PUT", path, api_version, body)[1]

    def post(self, path: str, api_version: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        return self._call("POST", path, api_version, body)[1]

    def delete(self, path: str, api_version: str) -> None:
        """Return when the resource is gone, or was never there."""
        try:
            status, _ = self._call("DELETE", path, api_version)
        except ArmError as exc:
            if exc.status == 404:
                return
            raise
        deadline = time.monotonic() + DELETION_DEADLINE
        while status == 202 and self.get(path, api_version) is not None:
            if time.monotonic() > deadline:
                raise WorkFailed(f"{path} is still being deleted after {DELETION_DEADLINE:.0f} s")
            time.sleep(POLL_INTERVAL)

    def _call(
        self, verb: str, path: str, api_version: str, body: dict[str, Any] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Call, and call again where the service asks for patience or the answer of a repeatable call was cut."""
        for _ in range(MOST_REPEATS):
            try:
                status, text, patience = self._exchange(verb, path, api_version, body)
            except HTTPException as exc:
                if verb == "POST":
                    raise WorkFailed(f"the answer of the embedded service to POST {path} was cut: {exc!r}") from exc
                continue
            if status not in (429, 503) or patience is None:
                break
            time.sleep(patience)
        else:
            raise WorkFailed(f"the embedded service did not answer {verb} {path} in {MOST_REPEATS} attempts")
        if status >= 300:  # the service redirects nothing
            raise _error(status, text)
        return status, json.loads(text) if text else {}

    def _connection(self) -> HTTPConnection:
        if self._trust is None:
            return HTTPConnection(self._address, timeout=TIMEOUT)
        return HTTPSConnection(self._address, timeout=TIMEOUT, context=self._trust)

    def _exchange(
        self, verb: str, path: str, api_version: str, body: dict[str, Any] | None
    ) -> tuple[int, bytes, int | None]:
        """Return the status, the content and the seconds to wait before another attempt. Raises HTTPException."""
        target = f"{quote(path)}?{urlencode({'api-version': api_version})}"
        try:
            with closing(self._connection()) as connection:
                connection.request(verb, target, None if body is None else json.dumps(body), self._headers)
                response = connection.getresponse()
                text = response.read()
                patience = response.getheader("Retry-After")
        except OSError as exc:
            raise BadInput(
                f"the embedded service at {self.endpoint} does not answer; start it with `shoal local start` ({exc})"
            ) from exc
        return response.status, text, None if patience is None else int(patience)


def _error(status: int, text: bytes) -> ArmError:
    try:
        error = json.loads(text)["error"]
        return ArmError(status, error["code"], error["message"])
    except (ValueError, KeyError, TypeError):
        return ArmError(status, f"HTTP {status}", text.decode(errors="replace")[:500])
