"""Opens the database file. Every connection of the service is made here."""

import sqlite3
from importlib.resources import files
from pathlib import Path

SCHEMA_VERSION = 2


class ForeignDatabase(Exception):
    """The file is a database of another version of the service."""


def open_database(path: Path) -> sqlite3.Connection:
    """Open or make the database.

    `synchronous=NORMAL` with a write-ahead log keeps every committed transaction through `kill -9` of the service; a
    power cut may cost the last few, never the file. Transactions are begun and ended by their owner only.
    """
    connection = sqlite3.connect(path, isolation_level=None, cached_statements=256)
    connection.row_factory = sqlite3.Row
    connection.executescript(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -65536;"
    )
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == 0:
        schema = files(__package__).joinpath("schema.sql").read_text()
        connection.executescript(f"BEGIN; {schema} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")
    elif version != SCHEMA_VERSION:
        raise ForeignDatabase(
            f"{path} holds state of version {version}, this service reads version {SCHEMA_VERSION}; "
            "start it with another --state directory, or remove this one"
        )
    return connection
