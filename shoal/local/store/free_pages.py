"""Gives the space of deleted rows back to the disk, a little at a time. SQLite itself keeps it in the file.

Source: SQLite, PRAGMA auto_vacuum and PRAGMA incremental_vacuum.
"""

import sqlite3
from contextlib import suppress

INCREMENTAL = 2
"""The mode in which a file can shrink by parts."""
KEPT = 4096
"""Free pages of 4 kB that stay, for the rows of the next jobs."""
AT_ONCE = 256
"""Pages: some 3 ms, in which nobody else is served."""


def prepare(connection: sqlite3.Connection) -> None:
    """Make a file able to shrink. One with content is written anew; where the disk has no room for that, it stays."""
    connection.execute(f"PRAGMA auto_vacuum = {INCREMENTAL}")
    (mode,) = connection.execute("PRAGMA auto_vacuum").fetchone()
    if mode != INCREMENTAL:
        with suppress(sqlite3.OperationalError):
            connection.execute("VACUUM")


def give_back(connection: sqlite3.Connection) -> None:
    """Shorten the file by some of the pages that it has free. Not in a transaction."""
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    surplus = free - KEPT
    if surplus <= 0:
        return
    # On a full disk there is no room for the log of this either.
    with suppress(sqlite3.OperationalError):
        # As a script, which runs to its end: as a query each step frees one page.
        connection.executescript(f"PRAGMA incremental_vacuum({min(AT_ONCE, surplus)})")
        if surplus <= AT_ONCE:
            # Only this makes the file itself shorter, and so little was written that SQLite would do it much later.
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
