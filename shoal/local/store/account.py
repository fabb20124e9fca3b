"""Batch accounts."""

import sqlite3
from dataclasses import dataclass
from typing import Self

from shoal.local.store.queries import columns, one


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    name: str
    primary_key: str
    secondary_key: str
    storage_account: str | None
    """Auto-storage, where application packages lie."""

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> Self:
        return cls(**columns(row))

    @classmethod
    def find(cls, connection: sqlite3.Connection, name: str) -> Self | None:
        """Return the account, or None where there is none."""
        return one(connection, cls.from_row, "SELECT * FROM accounts WHERE name = ?", name)

    @classmethod
    def get(cls, connection: sqlite3.Connection, name: str) -> Self:
        """Return an account that a row of another table names."""
        account = cls.find(connection, name)
        if account is None:
            raise AssertionError(f"a row names the account {name}, which does not exist")
        return account

    @property
    def in_user_subscription(self) -> bool:
        """True where the machines are the owner's: such an account has no keys, and no quota of cores."""
        return not self.primary_key

    @property
    def keys(self) -> tuple[str, str]:
        return self.primary_key, self.secondary_key
