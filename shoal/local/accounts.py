"""The Batch and storage accounts that the service keeps, and their keys."""

import base64
import secrets
import sqlite3

DEFAULT_ACCOUNT = "shoal"
DEFAULT_STORAGE_ACCOUNT = "shoalstorage"


def make_key() -> str:
    """Return a key of Azure's form: 64 random bytes in base64."""
    return base64.b64encode(secrets.token_bytes(64)).decode()


def ensure_default(connection: sqlite3.Connection) -> None:
    """Add the accounts that exist before anything is deployed."""
    add_storage_account(connection, DEFAULT_STORAGE_ACCOUNT)
    add_account(connection, DEFAULT_ACCOUNT, DEFAULT_STORAGE_ACCOUNT)


def add_storage_account(connection: sqlite3.Connection, name: str) -> None:
    """Add the account with a new key, or keep the one that is there."""
    connection.execute("INSERT OR IGNORE INTO storage_accounts VALUES (?, ?)", (name, make_key()))


def add_account(
    connection: sqlite3.Connection, name: str, storage_account: str | None, *, with_keys: bool = True
) -> None:
    """Add the account, or link another auto-storage account to the one that is there.

    One whose pools lie in a user's subscription has no keys: they are empty.
    """
    keys = (make_key(), make_key()) if with_keys else ("", "")
    connection.execute(
        "INSERT INTO accounts VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET storage_account = excluded.storage_account",
        (name, *keys, storage_account),
    )


def names(connection: sqlite3.Connection) -> list[str]:
    """Return the names of the Batch accounts, with the one that is always there."""
    kept = [name for (name,) in connection.execute("SELECT name FROM accounts ORDER BY name")]
    return [DEFAULT_ACCOUNT, *(name for name in kept if name != DEFAULT_ACCOUNT)]


def storage_keys(connection: sqlite3.Connection) -> dict[str, str]:
    return dict(connection.execute("SELECT name, key FROM storage_accounts").fetchall())
