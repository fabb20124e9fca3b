"""Applications of a Batch account."""

import sqlite3
from dataclasses import dataclass
from typing import Self

from shoal.local.store.queries import columns, one


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    account: str
    id: str
    display_name: str | None
    allow_updates: bool
    default_version: str | None
    last_modified: int

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> Self:
        return cls(**columns(row, allow_updates=bool))

    @classmethod
    def find(cls, connection: sqlite3.Connection, account: str, application_id: str) -> Self | None:
        """Return the account's application with this id, or None where there is none."""
        sql = "SELECT * FROM applications WHERE account = ? AND id = ?"
        return one(connection, cls.from_row, sql, account, application_id)
