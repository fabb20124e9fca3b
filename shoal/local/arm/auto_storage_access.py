"""The access of a Batch account to its auto-storage by identity, which a role gives it after a delay."""

import sqlite3
from collections.abc import Iterator

from shoal.local import chaos, times
from shoal.local.arm import arm_failures, records, role_assignments
from shoal.local.arm.arm_call import JsonObject

BY_IDENTITY = "BatchAccountManagedIdentity"


def require(connection: sqlite3.Connection, account_path: str) -> None:
    """Raises BatchError where no role of the account's identities on its auto-storage has taken effect.

    Nothing is checked while roles take effect at once, and for accounts that use storage by keys.
    """
    delay = chaos.role_delay(connection)
    account = records.find(connection, account_path) or {}
    linked = records.properties(account).get("autoStorage") or {}
    if not delay or linked.get("authenticationMode") != BY_IDENTITY:
        return
    effective = times.now() - delay
    for principal in _principals(connection, account):
        if any(role.since <= effective for role in role_assignments.held(connection, principal, _storage(linked))):
            return
    raise arm_failures.auto_storage_not_accessible()


def _storage(linked: JsonObject) -> str:
    return str(linked["storageAccountId"])


def _principals(connection: sqlite3.Connection, account: JsonObject) -> Iterator[str]:
    for path in (account.get("identity") or {}).get("userAssignedIdentities") or {}:
        if (identity := records.find(connection, path)) is not None:
            yield identity["properties"]["principalId"]
