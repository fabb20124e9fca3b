"""The service's own interface beside Azure's, below `/-/`: no Batch account can have that name.

`GET` and `PUT /-/chaos` read and set the simulated cloud conditions; `like` in a PUT names the cloud to start from.
`POST /-/preemptions` takes a Spot node away now, `POST /-/full-disks` fills a node's disk, and `POST /-/storage-kills`
kills blob storage.
The bearer token is ARM's.
"""

import hmac
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shoal.local import chaos, errors
from shoal.local.arm import blob_access
from shoal.local.chaos import Chaos
from shoal.local.request_body import BodyTooLarge, parsed, read_body
from shoal.local.scheduler import evictions, losses
from shoal.local.scheduler.loop import Transaction

if TYPE_CHECKING:
    from shoal.local.service import Service

LARGEST_BODY = 1 << 20
"""Bytes, as on the data plane."""

Endpoint = Callable[[Request], Awaitable[Response]]


def routes(service: "Service") -> list[Route]:
    async def show(request: Request) -> Response:
        return JSONResponse(asdict(chaos.load(service.connection)))

    async def change(request: Request) -> Response:
        requested = await _body(request)

        def apply(tx: Transaction) -> Chaos:
            conditions = _changed(chaos.load(tx.connection), requested)
            chaos.store(tx.connection, conditions)
            return conditions

        conditions = await service.loop.change(apply)
        await blob_access.guard(service)
        return JSONResponse(asdict(conditions))

    def on_node(strike: Callable[[Transaction, str | None], str]) -> Endpoint:
        async def answer(request: Request) -> Response:
            node = (await _body(request)).get("node")
            if not isinstance(node, str | None):
                raise errors.invalid_request_body("node must be the id of a node")
            return JSONResponse({"node": await service.loop.change(lambda tx: strike(tx, node))})

        return answer

    async def kill_storage(request: Request) -> Response:
        service.storage.kill()
        return JSONResponse({})

    table: list[tuple[str, str, Endpoint]] = [
        ("GET", "/-/chaos", show),
        ("PUT", "/-/chaos", change),
        ("POST", "/-/preemptions", on_node(evictions.preempt_named)),
        ("POST", "/-/full-disks", on_node(losses.fill_disk_of)),
        ("POST", "/-/storage-kills", kill_storage),
    ]
    return [Route(path, _guarded(service, endpoint), methods=[method]) for method, path, endpoint in table]


async def nothing_here(request: Request) -> Response:
    """Answer a path or a method that the interface does not have: no Batch account is meant by it."""
    fault = errors.invalid_uri()
    return _refusal(fault.status, fault.code, fault.message)


def _guarded(service: "Service", endpoint: Endpoint) -> Endpoint:
    async def answer(request: Request) -> Response:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(token.encode(), service.arm_token.encode()):
            return _refusal(401, "AuthenticationFailed", "the bearer token is not this service's")
        try:
            return await endpoint(request)
        except errors.BatchError as exc:
            return _refusal(exc.status, exc.code, exc.message)

    return answer


def _refusal(status: int, code: str, message: str) -> Response:
    """Return an error in ARM's form, which the callers of this service know."""
    return JSONResponse({"error": {"code": code, "message": message}}, status)


async def _body(request: Request) -> dict[str, Any]:
    try:
        # Python's own reader takes NaN, which is then refused by the name of its condition.
        body = parsed(await read_body(request, most=LARGEST_BODY), json.loads)
    except BodyTooLarge:
        raise errors.request_body_too_large() from None
    except ValueError as exc:
        raise errors.invalid_request_body(str(exc)) from None
    if not isinstance(body, dict):
        raise errors.invalid_request_body("a JSON object is expected")
    return body


def _changed(current: Chaos, request: dict[str, Any]) -> Chaos:
    """Raises BatchError InvalidRequestBody, whose message is the reason."""
    try:
        return chaos.changed(current, request)
    except chaos.WrongSetting as exc:
        raise errors.BatchError(400, "InvalidRequestBody", f"{exc}.") from None
