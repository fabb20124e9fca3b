"""Opens the database file and brings an older one up to date. Every connection of the service is made here."""

import sqlite3
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path

from shoal.local.store import free_pages

SCHEMA_VERSION = 18
"""A change of `schema.sql` raises it by one and adds `migrations/NNNN.sql`, the step to the new version."""


class ForeignDatabase(Exception):
    """The file has a version from which no steps lead to this one."""


def open_database(path: Path) -> sqlite3.Connection:
    """Open or make the database; an older one is migrated.

    `synchronous=NORMAL` with a write-ahead log keeps every committed transaction through `kill -9` of the service; a
    power cut may cost the last few, never the file (see `wait_for_disk`). Transactions are begun and ended by their
    owner only.
    Raises ForeignDatabase, or sqlite3.Error where a migration fails. The file is then as it was.
    """
    # isolation_level=None keeps sqlite3 from beginning transactions by itself.
    connection = sqlite3.connect(path, isolation_level=None, cached_statements=256)
    try:
        _prepare(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def wait_for_disk(connection: sqlite3.Connection) -> None:
    """Let each commit return when it is on the disk, so that it survives a power cut.

    Source: "PRAGMA synchronous" and "PRAGMA fullfsync"; the second is for macOS, where a sync leaves data in the drive.
    """
    connection.executescript("PRAGMA synchronous = FULL; PRAGMA fullfsync = ON;")


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.row_factory = sqlite3.Row
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    # Before anything is written: a foreign file stays as it is, and the journal mode is kept in the file.
    script = _script(path, version)
    free_pages.prepare(connection)
    # Outside a transaction, where the journal mode can change. A negative cache size is in KiB: 64 MiB.
    connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536;")
    if script:
        _bring_up(connection, script)
    # Only now: a step of a migration may replace a table that others refer to.
    connection.execute("PRAGMA foreign_keys = ON")


def _script(path: Path, version: int) -> str:
    """Return the SQL from a version to this one; version 0 is an empty file. Raises ForeignDatabase."""
    if version == 0:
        return files(__package__).joinpath("schema.sql").read_text()
    if version > SCHEMA_VERSION:
        raise ForeignDatabase(
            f"{path} was written by a newer Shoal (state of version {version}, this one reads up to {SCHEMA_VERSION}); "
            "upgrade Shoal, or start it with another --state directory"
        )
    steps = migrations()
    numbers = range(version + 1, SCHEMA_VERSION + 1)
    if not steps.keys() >= set(numbers):
        raise ForeignDatabase(
            f"{path} holds state of version {version}, which is too old to be migrated to version {SCHEMA_VERSION}; "
            "start with another --state directory, or remove this one"
        )
    return "".join(steps[number] for number in numbers)


@cache
def migrations() -> Mapping[int, str]:
    """Return the SQL of each step by the version that it leads to."""
    folder = files(__package__).joinpath("migrations")
    return {int(step.name[:4]): step.read_text() for step in folder.iterdir() if step.name.endswith(".sql")}


def _bring_up(connection: sqlite3.Connection, script: str) -> None:
    """Run the script as one transaction."""
    try:
        connection.executescript(f"BEGIN IMMEDIATE; {script} PRAGMA user_version = {SCHEMA_VERSION};")
        # Foreign keys are not enforced yet, so the steps could have broken them unnoticed.
        if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
            raise sqlite3.IntegrityError("after the migration a row refers to one that does not exist")
        connection.execute("COMMIT")
    finally:
        # The script or the check has failed; `executescript` leaves its transaction open.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
