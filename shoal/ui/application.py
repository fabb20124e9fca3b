"""The page's server as an ASGI application: one document for all pages, its files, and the events that fill it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from shoal.connect import Services, connected
from shoal.environment import Environment
from shoal.errors import BadInput, ShoalError
from shoal.ui.actions import ACTIONS, READ_ONLY, Action
from shoal.ui.formula_trial import Trial, try_formula
from shoal.ui.gate import Gate, Keys
from shoal.ui.poller import News, Poller

STATIC = Path(__file__).parent / "static"
PAGES = ("/", "/pools/{pool}", "/jobs/{job}", "/jobs/{job}/sweep", "/jobs/{job}/tasks/{task}")
Trier = Callable[[Services, Mapping[str, str], Mapping[str, Any]], Trial]
HEARTBEAT = 15.0
"""Seconds after which something is sent in any case: a connection that is gone shows only then."""


def application(find: Callable[[], Environment], poller: Poller, keys: Keys, *, read_only: bool) -> Gate:
    """Return the server of a stack's pages. `find` returns its environment, or raises BadInput."""

    @asynccontextmanager
    async def reading(_application: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(poller.run())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def events(request: Request) -> Response:
        address = request.query_params.get("page", "/")
        try:
            poller.require_page(address)
        except BadInput as exc:
            return PlainTextResponse(str(exc), 404)
        return StreamingResponse(_stream(poller.follow(address)), media_type="text/event-stream")

    routes = [
        *(Route(path, _document(read_only=read_only)) for path in PAGES),
        Route("/events", events),
        *(
            Route(path, _posted(find, action, read_only=read_only), methods=["POST"])
            for path, action in ACTIONS.items()
        ),
        # It changes nothing, so those who may only read may try formulas as well.
        Route("/trials/pools/{pool}", _posted(find, try_formula, read_only=False), methods=["POST"]),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
    return Gate(Starlette(routes=routes, lifespan=reading), keys)


def _posted(
    find: Callable[[], Environment], action: Action | Trier, *, read_only: bool
) -> Callable[[Request], Awaitable[Response]]:
    def act(place: Mapping[str, str], body: Mapping[str, Any]) -> str | Trial:
        with connected(find()) as services:
            return action(services, place, body)

    async def answer(request: Request) -> Response:
        if read_only:
            return JSONResponse({"problem": READ_ONLY}, 403)
        try:
            body = orjson.loads(await request.body())
            done = await asyncio.to_thread(act, request.path_params, body if isinstance(body, dict) else {})
        except (ShoalError, orjson.JSONDecodeError) as exc:
            return JSONResponse({"problem": str(exc)}, 400)
        return Response(orjson.dumps({"done": done}), media_type="application/json")

    return answer


def _document(*, read_only: bool) -> Callable[[Request], Response]:
    """Return the one document of all pages, which knows whether it may offer actions."""
    text = (STATIC / "index.html").read_text(encoding="utf-8")
    shown = text.replace("<html ", "<html data-read-only ", 1) if read_only else text
    return lambda _request: HTMLResponse(shown)


async def _stream(news: AsyncIterator[News]) -> AsyncIterator[bytes]:
    """Write news as server-sent events."""
    iterator = aiter(news)
    following = asyncio.ensure_future(anext(iterator))
    try:
        while True:
            done, _ = await asyncio.wait([following], timeout=HEARTBEAT)
            if not done:
                yield b": still there\n\n"
                continue
            try:
                yield _event(following.result())
            except StopAsyncIteration:
                return
            following = asyncio.ensure_future(anext(iterator))
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError, StopAsyncIteration):
            await following
        await iterator.aclose()  # type: ignore[attr-defined]  # an async generator


def _event(news: News) -> bytes:
    """Write one event. orjson writes no line breaks, which would end a field."""
    if news.document:
        return b"event: document\ndata: " + news.document + b"\n\n"
    data = orjson.dumps({"problem": news.problem, "is_away": news.is_away})
    return b"event: problem\ndata: " + data + b"\n\n"
