"""The body of a request, read no further than it may be long and deep."""

from collections.abc import Callable, Iterable
from typing import Any

import orjson
from starlette.requests import Request

DEEPEST = 64
"""Levels of a JSON value; templates of deployments need some fifteen."""


class BodyTooLarge(Exception):
    """There is more than is allowed; the rest was not read."""


class BodyTooDeep(ValueError):
    """Lists and objects are within each other more often than is allowed."""


async def read_body(request: Request, *, most: int) -> bytes:
    """Return up to `most` bytes. Raises BodyTooLarge."""
    content = b""
    async for part in request.stream():
        content += part
        if len(content) > most:
            raise BodyTooLarge
    return content


def parsed(content: bytes, load: Callable[[bytes], Any] = orjson.loads) -> Any:
    """Return the value of a JSON text. Raises ValueError, of which BodyTooDeep is one."""
    try:
        value = load(content)
    except RecursionError:
        raise _too_deep() from None
    layer, depth = [value], 0
    while layer:
        depth += 1
        if depth > DEEPEST:
            raise _too_deep()
        layer = [part for holder in layer for part in _parts(holder) if isinstance(part, list | dict)]
    return value


def _too_deep() -> BodyTooDeep:
    return BodyTooDeep(f"lists and objects are within each other {DEEPEST} times at most")


def _parts(value: Any) -> Iterable[Any]:
    match value:
        case dict():
            return value.values()
        case list():
            return value
        case _:
            return ()
