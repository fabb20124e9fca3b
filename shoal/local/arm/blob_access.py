"""Access to blobs, by the network rules, keys and roles that a storage account has in ARM.

The gate asks for every request. A request of a node says so in headers of the agent's; every other one comes from
`OUTSIDE`. Source: Learn, "Azure Storage firewall rules", "Authorize access to blobs using Microsoft Entra ID", "Prevent
Shared Key authorization", and Azure Storage's common error codes.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from shoal.local import accounts, chaos, times
from shoal.local.arm import (
    arm_failures,
    auto_storage_access,
    batch_account_links,
    batch_accounts,
    records,
    role_assignments,
    storage_accounts,
)
from shoal.local.arm.arm_call import JsonObject
from shoal.local.chaos import Chaos
from shoal.local.errors import BatchError
from shoal.local.gate import BlobRequest
from shoal.local.identity.tokens import ARM_AUDIENCES, STORAGE_AUDIENCES, TokenRefused, Tokens
from shoal.local.node.blob_transfer import AUTO_STORAGE, IDENTITY_HEADER, NODE_HEADER
from shoal.local.store.node import Node
from shoal.local.store.pool import Pool

if TYPE_CHECKING:
    from shoal.local.service import Service

OUTSIDE = "203.0.113.10"
"""The public address of this machine as Azure would see it, which `ipRules` can allow. Source: RFC 5737, documentation
addresses."""
TOKEN_AUDIENCES = (*STORAGE_AUDIENCES, *ARM_AUDIENCES)
"""Tokens for ARM are among them: deployments have one token only, which `getClientToken` gives for any endpoint."""
READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
WRITERS = ("ba92f5b4-2d11-453d-a403-e96b0029c9fe", "b7e6dc6d-f1e8-4753-8033-0f276bb0955b")
"""Roles with data actions: Storage Blob Data Reader; Contributor and Owner. Source: Azure built-in roles, Storage."""
SIGNATURE_LIFE = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The sender of a request: the pool of its node, if a node sent it, and how it proves who it is."""

    pool: Pool | None = None
    principal: str | None = None
    """Object id of an identity; None for a key, a signature or nobody."""
    has_key: bool = False
    """True where it proves to have the account's key, also by a signature that was made with it."""
    is_bearer: bool = False


async def guard(service: "Service") -> None:
    """Put storage behind a gate where the conditions ask for it; the gate stays, since it passes all without them."""
    if _is_checked(chaos.load(service.connection)):
        await service.storage.put_behind(lambda request: admit(service.connection, service.tokens, request))


def _is_checked(conditions: Chaos) -> bool:
    return conditions.storage_roles or conditions.storage_firewall


def admit(connection: sqlite3.Connection, tokens: Tokens, request: BlobRequest) -> BlobRequest:
    """Return the request as Azurite understands it. Raises BatchError with the code and message of Azure Storage."""
    conditions = chaos.load(connection)
    name, container = _account_and_container(request)
    account = _storage_account(connection, name)
    if account is None or not _is_checked(conditions):
        return request
    caller = _caller(connection, tokens, request)
    if conditions.storage_firewall and not _reaches(connection, account, caller.pool):
        raise arm_failures.storage_closed()
    if conditions.storage_roles:
        _require_permission(connection, account, container, caller, conditions, method=request.method)
        if caller.is_bearer:
            return _signed(request, name, accounts.storage_keys(connection)[name])
    return request


def _account_and_container(request: BlobRequest) -> tuple[str, str]:
    account, _, path = unquote(urlsplit(request.target).path).lstrip("/").partition("/")
    return account, path.partition("/")[0]


def _storage_account(connection: sqlite3.Connection, name: str) -> JsonObject | None:
    found = records.below(connection, "", storage_accounts.TYPE)
    return next((account for account in found if account["name"] == name), None)


def _caller(connection: sqlite3.Connection, tokens: Tokens, request: BlobRequest) -> Caller:
    pool = _pool(connection, request.header(NODE_HEADER))
    identity = request.header(IDENTITY_HEADER)
    if pool is not None and identity == AUTO_STORAGE:
        identity = _node_identity(connection, pool)
    if identity is not None:
        return Caller(pool=pool, principal=_principal(connection, identity))
    scheme, _, credential = (request.header("authorization") or "").partition(" ")
    if scheme.lower() == "bearer":
        return Caller(pool=pool, principal=_bearer(credential, tokens), is_bearer=True)
    query = parse_qs(urlsplit(request.target).query)
    # A signature that names an object id (`skoid`) was made with a delegated key, not with the account's.
    return Caller(pool=pool, has_key=bool(scheme) or ("sig" in query and "skoid" not in query))


def _pool(connection: sqlite3.Connection, node_id: str | None) -> Pool | None:
    node = None if node_id is None else Node.find(connection, node_id)
    return None if node is None else Pool.get(connection, node.pool)


def _node_identity(connection: sqlite3.Connection, pool: Pool) -> str | None:
    """Return the identity by which nodes read packages; None where they use keys."""
    found = records.below(connection, "", batch_accounts.TYPE)
    linked: JsonObject = next(
        (records.properties(account).get("autoStorage") or {} for account in found if account["name"] == pool.account),
        {},
    )
    if linked.get("authenticationMode") != auto_storage_access.BY_IDENTITY:
        return None
    reference = linked.get("nodeIdentityReference") or {}
    identity = str(reference.get("resourceId", ""))
    # What a pool does not have, its nodes cannot act as.
    return identity if identity.lower() in map(str.lower, pool.identities) else ""


def _principal(connection: sqlite3.Connection, identity: str) -> str:
    """Return the object id of an identity; empty for one that does not exist, which has no roles."""
    return str(records.properties(records.find(connection, identity) or {}).get("principalId", ""))


def _bearer(token: str, tokens: Tokens) -> str:
    """Return the object id that a valid token names. Source: Entra, access token claims: `oid`. Raises BatchError."""
    try:
        return str(tokens.check(token, TOKEN_AUDIENCES)["oid"])
    except TokenRefused:
        text = (
            "Server failed to authenticate the request. Please refer to the information in the www-authenticate header."
        )
        raise BatchError(401, "InvalidAuthenticationInfo", text) from None


def _reaches(connection: sqlite3.Connection, account: JsonObject, pool: Pool | None) -> bool:
    """Return True where the network rules let a caller in: a node of a pool, or somebody outside."""
    if storage_accounts.is_open(account):
        return True
    subnet = _subnet(pool)
    if subnet is not None and _network(subnet) in _networks_with_endpoint(connection, account["id"]):
        return True
    if account["properties"].get("publicNetworkAccess") == "Disabled":
        return False
    rules = account["properties"]["networkAcls"]
    if subnet is not None:
        return subnet in (str(rule.get("id")).lower() for rule in rules.get("virtualNetworkRules") or [])
    # A node without a subnet has an address of Azure's own region, to which rules for addresses do not apply.
    return pool is None and _allows(rules, OUTSIDE)


def _subnet(pool: Pool | None) -> str | None:
    network: Mapping[str, Any] = {} if pool is None else pool.body().get("networkConfiguration") or {}
    subnet = network.get("subnetId")
    return None if subnet is None else str(subnet).lower()


def _network(subnet: str) -> str:
    return subnet.lower().partition("/subnets/")[0]


def _networks_with_endpoint(connection: sqlite3.Connection, account: str) -> Iterator[str]:
    """Yield the virtual networks in which a private endpoint leads to the account's blobs."""
    for endpoint in records.below(connection, "", batch_account_links.ENDPOINT):
        properties = endpoint["properties"]
        links = [link["properties"] for link in properties.get("privateLinkServiceConnections") or []]
        if any(
            link["privateLinkServiceId"].lower() == account.lower() and "blob" in link["groupIds"] for link in links
        ):
            yield _network(properties["subnet"]["id"])


def _allows(rules: Mapping[str, Any], address: str) -> bool:
    return any(ip_address(address) in ip_network(rule["value"]) for rule in rules.get("ipRules") or [])


def _require_permission(
    connection: sqlite3.Connection,
    account: JsonObject,
    container: str,
    caller: Caller,
    conditions: Chaos,
    *,
    method: str,
) -> None:
    if caller.has_key and account["properties"].get("allowSharedKeyAccess") is False:
        text = "Key based authentication is not permitted on this storage account."
        raise BatchError(403, "KeyBasedAuthenticationNotPermitted", text)
    if caller.principal is None:
        return
    roles = (*WRITERS, READER) if method in ("GET", "HEAD") else WRITERS
    scope = f"{account['id']}/blobServices/default/containers/{container}" if container else account["id"]
    latest = times.now() - times.of_seconds(conditions.role_delay_seconds)
    held = role_assignments.held(connection, caller.principal, scope)
    if not any(role.definition in roles and role.since <= latest for role in held):
        raise arm_failures.storage_not_permitted()


def _signed(request: BlobRequest, name: str, key: str) -> BlobRequest:
    """Return the request with a signature in place of its token, which Azurite does not take over HTTP."""
    from azure.storage.blob import AccountSasPermissions, ResourceTypes, generate_account_sas

    signature = generate_account_sas(
        name,
        key,
        ResourceTypes(service=True, container=True, object=True),
        AccountSasPermissions(read=True, write=True, delete=True, list=True, add=True, create=True, tag=True),
        datetime.now(UTC) + SIGNATURE_LIFE,
    )
    mark = "&" if urlsplit(request.target).query else "?"
    return replace(request.without("authorization"), target=f"{request.target}{mark}{signature}")
