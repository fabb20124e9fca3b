"""Decides who may ask the page's server: an ASGI application around the page's own.

The server listens on loopback, where every program of this machine and, through a name that resolves to 127.0.0.1,
every web page can reach it. So a request must name the server as its host, must not come from another origin, and must
carry the cookie that the address in the terminal was exchanged for.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

TOKEN = "token"
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
NO_SESSION = (
    "This browser has no access to this page.\n\n"
    "Open the address that `shoal ui` printed last in its terminal: each one works once, and a new one is printed then."
)
FOREIGN_HOST = "This server answers only under the address that `shoal ui` printed."
FOREIGN_ORIGIN = "Another site sent this request; it was not carried out."


def _secret() -> str:
    return secrets.token_urlsafe(32)


@dataclass(slots=True, kw_only=True)
class Keys:
    """The one-time token of the next browser, and the session of those that have used one."""

    port: int
    on_used: Callable[[str], None]
    """Called with the next address once a token was used."""
    session: str = field(default_factory=_secret)
    token: str = field(default_factory=_secret)

    @property
    def address(self) -> str:
        """The address that opens the page in one browser."""
        return f"http://127.0.0.1:{self.port}/?{TOKEN}={self.token}"

    @property
    def cookie(self) -> str:
        """The name of the cookie: a browser sends cookies to all ports of a host, so the port is part of it."""
        return f"shoal_ui_{self.port}"

    @property
    def hosts(self) -> tuple[str, ...]:
        return f"127.0.0.1:{self.port}", f"localhost:{self.port}"

    def use(self, token: str) -> bool:
        """Return True for the present token, which is then replaced by another."""
        if not _same(token, self.token):
            return False
        self.token = _secret()
        self.on_used(self.address)
        return True

    def refusal(self, method: str, headers: Mapping[str, str]) -> str | None:
        """Return the reason why a request is refused whoever sends it, or None."""
        if headers.get("host") not in self.hosts:
            return FOREIGN_HOST
        origin = headers.get("origin")
        own = [f"http://{host}" for host in self.hosts]
        # Browsers send the origin with every POST; what comes without it is no page of ours.
        if origin not in own and (origin is not None or method not in ("GET", "HEAD")):
            return FOREIGN_ORIGIN
        if method not in ("GET", "HEAD") and headers.get("sec-fetch-site", "same-origin") != "same-origin":
            return FOREIGN_ORIGIN
        return None

    def is_known(self, headers: Mapping[str, str]) -> bool:
        """Return True where the request carries the session."""
        try:
            found = SimpleCookie(headers.get("cookie", "")).get(self.cookie)
        except CookieError:
            return False
        return found is not None and _same(found.value, self.session)


class Gate:
    def __init__(self, application: ASGIApp, keys: Keys) -> None:
        self._application, self._keys = application, keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._application(scope, receive, send)
            return
        answer = self._answer(scope) or self._application
        await answer(scope, receive, _with_headers(send))

    def _answer(self, scope: Scope) -> Response | None:
        """Return the answer to a request that does not reach the page, or None."""
        headers, method = Headers(scope=scope), scope["method"]
        if (reason := self._keys.refusal(method, headers)) is not None:
            return PlainTextResponse(reason, 403)
        token = QueryParams(scope["query_string"]).get(TOKEN)
        if token is not None and method == "GET":
            return self._admitted(scope["path"]) if self._keys.use(token) else PlainTextResponse(NO_SESSION, 403)
        return None if self._keys.is_known(headers) else PlainTextResponse(NO_SESSION, 403)

    def _admitted(self, path: str) -> Response:
        """Give the browser its cookie, and send it on to an address without the token."""
        # One slash: a path of two would lead to another host.
        answer = RedirectResponse("/" + path.lstrip("/\\"), 303)
        answer.set_cookie(self._keys.cookie, self._keys.session, httponly=True, samesite="strict", path="/")
        return answer


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(HEADERS)
        await send(message)

    return send_with_headers


def _same(given: str, expected: str) -> bool:
    return secrets.compare_digest(given.encode(errors="replace"), expected.encode())
