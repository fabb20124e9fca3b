"""What the service decides once for a state directory: its ports."""

import sqlite3


def get(connection: sqlite3.Connection, name: str, default: int) -> int:
    row = connection.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
    return default if row is None else int(row[0])


def put(connection: sqlite3.Connection, name: str, value: int) -> None:
    connection.execute(
        "INSERT INTO settings VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", (name, value)
    )
