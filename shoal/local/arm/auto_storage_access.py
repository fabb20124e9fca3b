"""The access of a Batch account to its auto-storage, in which it keeps application packages.

A strict cloud refuses it while a role has no effect, and for good where the storage account is closed or of a kind that
keeps no packages. The codes that Batch gives there are not documented; these are storage's own.
"""

import sqlite3
from collections.abc import Iterator

from shoal.local import chaos, times
from shoal.local.arm import arm_failures, records, role_assignments, storage_accounts
from shoal.local.arm.arm_call import JsonObject

BY_IDENTITY = "BatchAccountManagedIdentity"


def require(connection: sqlite3.Connection, account_path: str) -> None:
    """Raises BatchError where the account cannot make or activate a version of a package."""
    account = records.find(connection, account_path) or {}
    linked = _linked(account)
    conditions = chaos.load(connection)
    storage = records.find(connection, linked["storageAccountId"]) if linked else None
    if conditions.storage_firewall and storage is not None:
        _require_fit(storage)
    # Nothing is checked while roles take effect at once, and for accounts that use storage by keys.
    if conditions.role_delay_seconds and linked.get("authenticationMode") == BY_IDENTITY:
        latest = times.now() - times.of_seconds(conditions.role_delay_seconds)
        _require_role(connection, account, linked["storageAccountId"], latest)


def is_by_role(connection: sqlite3.Connection, account_path: str) -> bool:
    """Return True where clients upload by a role: otherwise addresses are signed, which storage here takes from all."""
    linked = _linked(records.find(connection, account_path) or {})
    return chaos.load(connection).storage_roles and linked.get("authenticationMode") == BY_IDENTITY


def _linked(account: JsonObject) -> JsonObject:
    return records.properties(account).get("autoStorage") or {}


def _require_fit(storage: JsonObject) -> None:
    """Source: Learn, "Deploy applications to compute nodes with Batch application packages": neither firewall rules nor
    a hierarchical namespace. Batch is not among the services that Azure Storage trusts, so that no rule lets it in."""
    if not storage_accounts.is_open(storage):
        raise arm_failures.storage_closed()
    if storage["properties"].get("isHnsEnabled"):
        raise arm_failures.storage_without_packages(storage["id"])


def _require_role(connection: sqlite3.Connection, account: JsonObject, storage_id: str, latest: int) -> None:
    for principal in _principals(connection, account):
        if any(role.since <= latest for role in role_assignments.held(connection, principal, storage_id)):
            return
    raise arm_failures.storage_not_permitted()


def _principals(connection: sqlite3.Connection, account: JsonObject) -> Iterator[str]:
    for path in (account.get("identity") or {}).get("userAssignedIdentities") or {}:
        if (identity := records.find(connection, path)) is not None:
            yield identity["properties"]["principalId"]
