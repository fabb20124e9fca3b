"""Takes an HTTP request to the handler of its resource type: the token, the kind, and errors in ARM's shape."""

import logging
import uuid
from collections.abc import Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from shoal.local import errors, times
from shoal.local.api.calls import Answer
from shoal.local.api.versions import is_arm_version
from shoal.local.arm import (
    applications,
    arm_failures,
    batch_account_links,
    batch_accounts,
    blob_services,
    budgets,
    containers,
    deployment_stacks,
    file_services,
    groups,
    identities,
    immutability_policies,
    management_policies,
    monitors,
    name_checks,
    networks,
    packages,
    pool_resources,
    private_links,
    provider_operations,
    role_assignments,
    storage_accounts,
    subscriptions,
    virtual_networks,
    vm_skus,
)
from shoal.local.arm.arm_call import ArmCall, Handler, ResourceKind
from shoal.local.arm.ids import Target, parse
from shoal.local.arm.long_operations import LongOperations
from shoal.local.header_names import capitalized
from shoal.local.identity.tokens import ARM_AUDIENCES, TENANT, AudienceWrong, TokenExpired, TokenRefused
from shoal.local.request_body import BodyTooLarge, read_body
from shoal.local.service import Service

LARGEST_BODY, LARGEST_RECORD = 4 << 20, 64 << 20
"""Bytes. The second is for the record of an engine, which holds the outputs of a program, whatever these are."""

log = logging.getLogger(__name__)

BATCH = "Microsoft.Batch"
KINDS: Mapping[str, ResourceKind] = {
    kind.type.lower(): kind
    for kind in (
        *groups.KINDS,
        *subscriptions.KINDS,
        *name_checks.KINDS,
        storage_accounts.KIND,
        blob_services.KIND,
        file_services.KIND,
        containers.KIND,
        immutability_policies.KIND,
        management_policies.KIND,
        identities.KIND,
        role_assignments.KIND,
        batch_accounts.KIND,
        *batch_account_links.KINDS,
        provider_operations.KIND,
        applications.KIND,
        packages.KIND,
        pool_resources.KIND,
        vm_skus.KIND,
        deployment_stacks.KIND,
        *networks.KINDS,
        *virtual_networks.KINDS,
        *private_links.KINDS,
        *monitors.KINDS,
        *budgets.KINDS,
    )
}


class ResourceManager:
    def __init__(self, service: Service) -> None:
        self.service = service
        self.long_operations = LongOperations(service)

    async def __call__(self, request: Request) -> Response:
        try:
            answer = await self._answer(request)
        except errors.BatchError as exc:
            answer = error_answer(exc, request.url.path)
        except Exception:
            # The server must go on serving others, so the traceback is logged and this client gets a 500.
            log.exception("%s %s failed", request.method, request.url.path)
            answer = error_answer(errors.internal_error(), request.url.path)
        headers = {"x-ms-request-id": str(uuid.uuid4()), **answer.headers}
        if answer.content:
            headers["Content-Type"] = "application/json; charset=utf-8"
        response = Response(answer.content, answer.status, headers)
        response.raw_headers = capitalized(response.raw_headers)
        return self.service.disturbances.cut(response)

    async def _answer(self, request: Request) -> Answer:
        await self.service.disturbances.delay_or_refuse(arm_failures.too_many_requests())
        self._authenticate(request)
        version = request.query_params.get("api-version")
        if not version:
            raise arm_failures.version_missing()
        if not is_arm_version(version):
            raise arm_failures.version_invalid(version)
        if (result := self.long_operations.result(request.url.path, str(request.url))) is not None:
            return result
        target, handler = _route(request.method, request.url.path)
        call = ArmCall(
            service=self.service,
            method=request.method,
            target=target,
            version=version,
            headers=dict(request.headers),
            content=await _content(request, target),
            query=dict(request.query_params),
            base_url=str(request.base_url).rstrip("/"),
        )
        return await self.long_operations.answer(call, handler) or await handler(call)

    def _authenticate(self, request: Request) -> None:
        """Raises BatchError where the request has no token that was issued for this side."""
        _, _, token = request.headers.get("authorization", "").partition("Bearer ")
        # Clients that know only the address ask for a token for that.
        own = f"{request.url.scheme}://{request.url.netloc}"
        authority = f"{self.service.url}/{TENANT}"
        try:
            self.service.tokens.check(token, (*ARM_AUDIENCES, own, f"{own}/"))
        except TokenExpired:
            raise arm_failures.token_expired(authority) from None
        except AudienceWrong as exc:
            raise arm_failures.audience_wrong(authority, exc.audience, ARM_AUDIENCES) from None
        except TokenRefused:
            raise arm_failures.authentication_failed(authority) from None


async def _content(request: Request, target: Target) -> bytes:
    most = LARGEST_RECORD if target.type.lower() == deployment_stacks.TYPE.lower() else LARGEST_BODY
    try:
        return await read_body(request, most=most)
    except BodyTooLarge:
        raise arm_failures.content_too_large(most) from None


def _route(method: str, path: str) -> tuple[Target, Handler]:
    """Return the target and its handler. Raises BatchError NotImplemented, which names the operation."""
    target = parse(path)
    kind = KINDS.get(target.type.lower())
    if kind is not None and target.is_item and method in kind.verbs:
        return target, kind.verbs[method]
    if kind is not None and not target.is_item and method == "GET" and kind.listing is not None:
        return target, kind.listing
    subject, _, action = target.path.rpartition("/")
    acting = KINDS.get(parse(subject).type.lower())
    if method == "POST" and acting is not None and action.lower() in acting.actions:
        return parse(subject), acting.actions[action.lower()]
    raise arm_failures.not_here(f"The operation {method} on {target.type}")


def error_answer(exc: errors.BatchError, path: str) -> Answer:
    if exc.status == 304:
        return Answer(status=304)
    detail = "".join(f" {name}: {value}." for name, value in exc.values.items())
    error = {"code": exc.code, "message": f"{exc.message}{detail}"}
    if f"/{BATCH}/".lower() in path.lower() and exc.code not in arm_failures.CODES_OF_ARM:
        error = _batch_error(error, exc.values)
    return Answer(status=exc.status, content=orjson.dumps({"error": error}), headers=exc.headers)


def _batch_error(error: Mapping[str, str], values: Mapping[str, str]) -> dict[str, Any]:
    """Return an error as Batch's resource provider writes it.

    Source: answers recorded in the tests of azure-mgmt-batch, api-versions 2019-08-01 to 2023-05-01.
    """
    stamp = f"RequestId:{uuid.uuid4()}\nTime:{times.iso(times.now())}"
    details = [{"code": name, "message": value} for name, value in values.items()]
    return {
        **error,
        "message": f"{error['message']}\n{stamp}",
        "target": "BatchAccount",
        **({"details": details} if details else {}),
    }
