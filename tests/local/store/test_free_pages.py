"""The database file becomes smaller after rows are deleted, and no row is lost."""

import sqlite3
from pathlib import Path

import pytest

from shoal.local.store import free_pages
from shoal.local.store.database import open_database

PAGE = 4096
ROWS = 10_000


def fill(connection: sqlite3.Connection) -> None:
    rows = [(f"{number:05}" + "x" * 4000, number) for number in range(ROWS)]
    connection.executemany("INSERT INTO settings VALUES (?, ?)", rows)


def keep_a_tenth(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM settings WHERE value % 10")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "batch.db"


def test_file_shrinks_a_little_at_a_time_and_keeps_some_free_pages(path: Path) -> None:
    connection = open_database(path)
    fill(connection)
    keep_a_tenth(connection)
    pages = free(connection)
    free_pages.give_back(connection)
    assert free(connection) == pages - free_pages.AT_ONCE
    while free(connection) > free_pages.KEPT:
        free_pages.give_back(connection)
    free_pages.give_back(connection)
    assert free(connection) == free_pages.KEPT
    assert values(connection) == list(range(0, ROWS, 10))
    assert path.stat().st_size < (free_pages.KEPT + 2 * ROWS // 10 + 1000) * PAGE


def test_file_of_an_earlier_version_is_written_anew_so_that_it_can_shrink(path: Path) -> None:
    connection = open_database(path)
    connection.execute("PRAGMA auto_vacuum = 0")
    connection.execute("VACUUM")
    fill(connection)
    keep_a_tenth(connection)
    connection.close()
    before = path.stat().st_size
    connection = open_database(path)
    assert free(connection) == 0
    assert values(connection) == list(range(0, ROWS, 10))
    connection.close()
    assert path.stat().st_size < before / 2
    assert open_database(path).execute("PRAGMA auto_vacuum").fetchone()[0] == free_pages.INCREMENTAL


def free(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA freelist_count").fetchone()[0])


def values(connection: sqlite3.Connection) -> list[int]:
    return [row[0] for row in connection.execute("SELECT value FROM settings ORDER BY value")]
