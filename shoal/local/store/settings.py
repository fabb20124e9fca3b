"""Settings of a state directory: its ports, its secrets and its simulated cloud conditions."""

import sqlite3
from typing import TypeVar

T = TypeVar("T", int, float, str)


def get(connection: sqlite3.Connection, name: str, default: T) -> T:
    row = connection.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
    # The column holds any type: a 2 is stored as an integer, even for a setting that is a float.
    return default if row is None else type(default)(row[0])


def put(connection: sqlite3.Connection, name: str, value: float | str) -> None:
    connection.execute(
        "INSERT INTO settings VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", (name, value)
    )


def below(connection: sqlite3.Connection, prefix: str) -> dict[str, int | float]:
    """Return the settings whose names begin with a prefix, by the rest of their names."""
    rows = connection.execute("SELECT name, value FROM settings WHERE substr(name, 1, ?) = ?", (len(prefix), prefix))
    return {name.removeprefix(prefix): value for name, value in rows}
