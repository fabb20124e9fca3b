"""Queries whose rows become typed values: each takes the function that reads a row."""

import sqlite3
from collections.abc import Callable
from typing import Any, TypeVar

from shoal.local import errors

Value = TypeVar("Value")
Reader = Callable[[sqlite3.Row], Value]


def one(connection: sqlite3.Connection, read: Reader[Value], sql: str, *parameters: object) -> Value | None:
    """Return the first row, or None where there is none."""
    row = connection.execute(sql, parameters).fetchone()
    return None if row is None else read(row)


def every(connection: sqlite3.Connection, read: Reader[Value], sql: str, *parameters: object) -> list[Value]:
    return [read(row) for row in connection.execute(sql, parameters)]


def required(value: Value | None, kind: str) -> Value:
    """Return what was found. Raises BatchError, such as JobNotFound for the kind `Job`, where it is None."""
    if value is None:
        raise errors.not_found(kind)
    return value


def exists(connection: sqlite3.Connection, sql: str, *parameters: object) -> bool:
    """True where the query has a row."""
    return connection.execute(sql, parameters).fetchone() is not None


def integer(row: sqlite3.Row) -> int:
    """Read a row of one integer."""
    return int(row[0])


def text(row: sqlite3.Row) -> str:
    """Read a row of one text."""
    return str(row[0])


def data(row: sqlite3.Row) -> bytes:
    """Read a row of one blob."""
    return bytes(row[0])


def columns(row: sqlite3.Row, **types: Callable[[Any], Any]) -> dict[str, Any]:
    """Return a row's values by column, converted to the `types` of those that are named; NULL stays None."""
    values = dict(zip(row.keys(), row, strict=True))
    for name, convert in types.items():
        if (value := values[name]) is not None:
            values[name] = convert(value)
    return values
