"""Versions of applications. A version's package lies in the account's auto-storage."""

import sqlite3
from dataclasses import dataclass
from typing import Self

from shoal.local.store.queries import columns, one
from shoal.local.store.states import PackageState


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationVersion:
    account: str
    application: str
    version: str
    state: PackageState
    format: str | None
    container: str
    blob: str
    activated: int | None
    last_modified: int

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> Self:
        return cls(**columns(row, state=PackageState))

    @classmethod
    def find(cls, connection: sqlite3.Connection, account: str, application: str, version: str) -> Self | None:
        """Return the version, or None where there is none."""
        sql = "SELECT * FROM application_versions WHERE account = ? AND application = ? AND version = ?"
        return one(connection, cls.from_row, sql, account, application, version)

    @classmethod
    def find_active(
        cls, connection: sqlite3.Connection, account: str, application: str, version: str | None
    ) -> Self | None:
        """Return the version, or the application's default one; None where it does not exist or is not active."""
        sql = (
            "SELECT v.* FROM application_versions v"
            " JOIN applications a ON a.account = v.account AND a.id = v.application"
            " WHERE v.account = ?1 AND v.application = ?2"
            # Without a default either, the comparison is with NULL and finds nothing.
            " AND v.version = ifnull(?3, a.default_version) AND v.state = ?4"
        )
        return one(connection, cls.from_row, sql, account, application, version, PackageState.ACTIVE)
