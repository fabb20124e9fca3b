"""The endpoints that issue tokens: Entra's for a client secret, and the two forms of managed identities.

Source: Microsoft identity platform, "client credentials flow"; "How to use managed identities for Azure resources on an
Azure VM to acquire an access token"; App Service, "REST endpoint reference".
"""

import hmac
import time
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shoal.local.arm import identities
from shoal.local.arm.arm_call import JsonObject
from shoal.local.identity.node_secret import node_with
from shoal.local.identity.tokens import LIFE, OWNER, TENANT, Principal
from shoal.local.request_body import BodyTooLarge, read_body
from shoal.local.store.node import Node
from shoal.local.store.pool import Pool

if TYPE_CHECKING:
    from shoal.local.service import Service

TENANTS = (TENANT, "common", "organizations")
"""Names under which clients ask for the one tenant."""
DEFAULT_SCOPE = "/.default"
LONGEST_FORM = 16_384
"""Bytes."""


class TokenFailure(Exception):
    """Source: Entra authentication and authorization error codes (AADSTS)."""

    def __init__(self, status: int, error: str, number: int | None, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.error = error
        self.number = number

    def response(self) -> Response:
        if self.number is None:
            return JSONResponse({"error": self.error, "error_description": str(self)}, self.status)
        body = {
            "error": self.error,
            "error_description": f"AADSTS{self.number}: {self}",
            "error_codes": [self.number],
            "timestamp": time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime()),
            "trace_id": str(uuid.uuid4()),
            "correlation_id": str(uuid.uuid4()),
        }
        return JSONResponse(body, self.status)


class TokenEndpoint:
    def __init__(self, service: "Service") -> None:
        self.service = service

    def routes(self) -> list[Route]:
        return [
            Route("/{tenant}/oauth2/v2.0/token", self.client_credentials, methods=["POST"]),
            Route("/{tenant}/oauth2/token", self.client_credentials, methods=["POST"]),
            # The secret is in the path: a client of this form sends none.
            Route("/-/identity/{secret}/metadata/identity/oauth2/token", self.machine_identity, methods=["GET"]),
            Route("/-/identity/token", self.app_identity, methods=["GET"]),
        ]

    async def client_credentials(self, request: Request) -> Response:
        try:
            require_tenant(request.path_params["tenant"])
            form = dict(parse_qsl((await _content(request)).decode(errors="replace")))
            self._check_client(form)
            audience = requested_audience(form)
        except TokenFailure as failure:
            return failure.response()
        token = {"token_type": "Bearer", "access_token": self.service.tokens.issue(audience)}
        if "resource" in form:
            return JSONResponse({**token, **_text_lifetime(), "resource": audience})
        return JSONResponse({**token, "expires_in": LIFE - 1, "ext_expires_in": LIFE - 1})

    def _check_client(self, form: Mapping[str, str]) -> None:
        if form.get("grant_type") != "client_credentials":
            supported = "this service has the grant type client_credentials only"
            raise TokenFailure(400, "unsupported_grant_type", 70003, f"{form.get('grant_type', '')}: {supported}.")
        if form.get("client_id") != OWNER.client_id:
            text = (
                f"Application with identifier '{form.get('client_id', '')}' was not found in the directory '{TENANT}'."
            )
            raise TokenFailure(400, "unauthorized_client", 700016, text)
        if not self._is_secret(form.get("client_secret", "")):
            text = "Invalid client secret provided. It is `client_secret` of `shoal local status --json`."
            raise TokenFailure(401, "invalid_client", 7000215, text)

    async def machine_identity(self, request: Request) -> Response:
        secret = request.path_params["secret"]
        node = node_with(self.service.client_secret, secret)
        if node is None and not self._is_secret(secret):
            return TokenFailure(401, "unauthorized", None, "The secret in the path is not this service's.").response()
        if request.headers.get("metadata", "").lower() != "true":
            return TokenFailure(400, "invalid_request", None, "Required metadata header not specified").response()
        return self._identity_token(request.query_params, node)

    async def app_identity(self, request: Request) -> Response:
        if not self._is_secret(request.headers.get("x-identity-header", "")):
            return TokenFailure(401, "unauthorized", None, "X-IDENTITY-HEADER is not this service's.").response()
        return self._identity_token(request.query_params)

    def _identity_token(self, query: Mapping[str, str], node: str | None = None) -> Response:
        try:
            audience = requested_audience(query)
            principal = self._principal(query, node)
        except TokenFailure as failure:
            return TokenFailure(failure.status, failure.error, None, str(failure)).response()
        token = {"access_token": self.service.tokens.issue(audience, principal), "client_id": principal.client_id}
        return JSONResponse({**token, "token_type": "Bearer", "resource": audience, **_text_lifetime()})

    def _principal(self, query: Mapping[str, str], node: str | None) -> Principal:
        """Return the user-assigned identity that the query names, or the only one of the node, or else the owner.

        A node has the identities of its pool only. Raises TokenFailure.
        """
        client_id = query.get("client_id") or query.get("clientid")
        object_id = query.get("object_id") or query.get("principal_id")
        resource_id = query.get("mi_res_id") or query.get("msi_res_id")
        if not (client_id or object_id or resource_id):
            return OWNER if node is None else self._only_identity(node)
        for identity in self._identities(node):
            principal = identities.principal(identity)
            if (
                principal.client_id == client_id
                or principal.object_id == object_id
                or str(identity["id"]).lower() == (resource_id or "").lower()
            ):
                return principal
        raise TokenFailure(400, "invalid_request", None, "Identity not found")

    def _only_identity(self, node: str) -> Principal:
        assigned = self._identities(node)
        if len(assigned) != 1:
            text = "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity"
            raise TokenFailure(400, "invalid_request", None, text if assigned else "Identity not found")
        return identities.principal(assigned[0])

    def _identities(self, node_id: str | None) -> list[JsonObject]:
        """Return the identities of a node's pool, or without a node those of everybody."""
        connection = self.service.connection
        known = identities.every(connection)
        if node_id is None:
            return known
        node = Node.find(connection, node_id)
        assigned = [] if node is None else [name.lower() for name in Pool.get(connection, node.pool).identities]
        return [identity for identity in known if str(identity["id"]).lower() in assigned]

    def _is_secret(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self.service.client_secret.encode())


def require_tenant(tenant: str) -> None:
    if tenant.lower() not in TENANTS:
        text = f"Tenant '{tenant}' not found. The only one here is '{TENANT}'."
        raise TokenFailure(400, "invalid_request", 90002, text)


def requested_audience(parameters: Mapping[str, str]) -> str:
    """Return the resource that a token is requested for, by a `resource` or by a `scope`. Raises TokenFailure."""
    if resource := parameters.get("resource"):
        return resource
    scopes = [scope for scope in parameters.get("scope", "").split() if scope.endswith(DEFAULT_SCOPE)]
    if not scopes:
        raise TokenFailure(400, "invalid_request", 90014, "The required field 'scope' or 'resource' is missing.")
    # As it stands: a scope that ends with //.default is for an audience that ends with a slash.
    return scopes[0].removesuffix(DEFAULT_SCOPE)


def _text_lifetime() -> dict[str, str]:
    """Return the lifetime as text, as version 1.0 and managed identities have it."""
    now = int(time.time())
    return {
        "expires_in": str(LIFE - 1),
        "ext_expires_in": str(LIFE - 1),
        "expires_on": str(now + LIFE - 1),
        "not_before": str(now),
    }


async def _content(request: Request) -> bytes:
    try:
        return await read_body(request, most=LONGEST_FORM)
    except BodyTooLarge:
        text = f"The form has more than {LONGEST_FORM} bytes."
        raise TokenFailure(400, "invalid_request", 90014, text) from None
