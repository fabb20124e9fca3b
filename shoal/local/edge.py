"""The edge of the HTTP server: refuses what no plane should see, in the form of the plane that it is for."""

import re
import uuid
from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from shoal.local import errors
from shoal.local.api import dispatch
from shoal.local.arm import resource_manager

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
MOST_HEADERS = 128
LARGEST_HEADERS = 64 * 1024
"""Bytes of all names and values. Tokens have a few thousand."""
OWN_HOST = re.compile(r"(127\.0\.0\.1|\[::1\]|([a-z0-9-]+\.)*localhost)(:\d+)?", re.IGNORECASE)
"""This machine's names. A page on the web whose name leads here has another one (DNS rebinding)."""
ARM_PATHS = ("/subscriptions", "/providers", "/tenants", "/-/")

Headers = Sequence[tuple[bytes, bytes]]


class Edge:
    """The application behind its checks."""

    def __init__(self, application: Starlette) -> None:
        self.application = application
        # A redirect tells a client nothing that an error does not, and drops the body of its request.
        application.router.redirect_slashes = False
        application.router.default = _nothing_here

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = refusal(scope["method"], scope["headers"]) if scope["type"] == "http" else None
        if fault is None:
            await self.application(scope, receive, send)
        else:
            await _answer(fault, scope)(scope, receive, send)


def refusal(method: str, headers: Headers) -> errors.BatchError | None:
    """Return the reason to refuse a request by its first lines; linear in their size."""
    if len(headers) > MOST_HEADERS:
        return errors.headers_too_large(f"{len(headers)} headers were sent, and {MOST_HEADERS} are allowed.")
    size = sum(len(name) + len(value) for name, value in headers)
    if size > LARGEST_HEADERS:
        return errors.headers_too_large(f"The headers have {size} bytes, and {LARGEST_HEADERS} are allowed.")
    for name, value in headers:
        host = value.decode("latin-1")
        if name == b"host" and host and OWN_HOST.fullmatch(host) is None:
            return errors.invalid_header("Host", host, "It is no name of this machine: 127.0.0.1 or localhost.")
    return None if method in METHODS else errors.unsupported_verb()


async def _nothing_here(scope: Scope, receive: Receive, send: Send) -> None:
    await _answer(errors.invalid_uri(), scope)(scope, receive, send)


def _answer(fault: errors.BatchError, scope: Scope) -> Response:
    if scope["path"].startswith(ARM_PATHS):
        answer, media_type = resource_manager.error_answer(fault, scope["path"]), "application/json; charset=utf-8"
    else:
        # Without an address of its own: the Host header is one of the reasons to be here.
        answer = dispatch.error_answer(fault, "", str(uuid.uuid4()))
        media_type = "application/json;odata=minimalmetadata"
    content = answer.content if isinstance(answer.content, bytes) else b""
    return Response(content, answer.status, dict(answer.headers), media_type=media_type)
