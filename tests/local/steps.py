"""Counts the work of queries, which a busy machine cannot change as it changes times."""

import sqlite3
from collections.abc import Callable


def steps(connection: sqlite3.Connection, work: Callable[[], object]) -> int:
    """Return how many instructions of SQLite's machine the work takes, in tens."""
    counted = 0

    def count() -> int:
        nonlocal counted
        counted += 1
        return 0

    connection.set_progress_handler(count, 10)
    try:
        work()
    finally:
        connection.set_progress_handler(None, 0)
    return counted
