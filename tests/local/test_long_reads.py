"""Lists of a job of many tasks: filters find the few others at once, and what takes long keeps nobody waiting."""

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest

from shoal.local.api import odata, tasks
from shoal.local.store.database import open_database
from shoal.local.store.queries import integer
from shoal.local.store.reading_thread import ReadingThread
from tests.local.steps import steps

TASKS = 5_000
ADD = (
    "WITH RECURSIVE numbers(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < ?2)"
    " INSERT INTO tasks (job, id, definition, slots, max_retries, blockers, state, state_time, exit_code, result,"
    " created, last_modified) SELECT ?1, 't' || number, x'7b7d', 1, 0, 0, 'completed', 0, ?3, ?4, 0, 0 FROM numbers"
)


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> sqlite3.Connection:
    """Return a database with two jobs of thousands of successes; job 2 has two failures after them."""
    connection = open_database(tmp_path_factory.mktemp("reads") / "state.db")
    for job in (1, 2):
        connection.execute(ADD, (job, TASKS, 0, "success"))
    connection.execute("UPDATE tasks SET exit_code = 3, result = 'failure' WHERE key > ?", (2 * TASKS - 2,))
    return connection


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("executionInfo/result eq 'failure'", 2),
        ("executionInfo/result ne 'success'", 2),
        ("state eq 'completed' and executionInfo/result eq 'failure'", 2),
        ("state eq 'completed' and executionInfo/result eq 'failure' and executionInfo/exitCode ne 3", 0),
        ("executionInfo/exitCode ne 0", 2),
        ("executionInfo/exitCode gt 0", 2),
        ("executionInfo/exitCode lt 0", 0),
        ("state eq 'completed' and executionInfo/exitCode eq 3", 2),
        ("state eq 'active'", 0),
    ],
)
def test_filter_that_few_tasks_match_does_not_look_at_the_others(
    connection: sqlite3.Connection, text: str, found: int
) -> None:
    condition, parameters = odata.where(text, tasks.COLUMNS)
    sql = f"SELECT key FROM tasks WHERE job = ? AND key > ? AND ({condition}) ORDER BY key LIMIT ?"
    keys = []
    work = steps(connection, lambda: keys.extend(connection.execute(sql, (2, 0, *parameters, 1001)).fetchall()))
    assert len(keys) == found
    assert work < 50


def test_page_without_a_filter_does_not_look_at_later_tasks(connection: sqlite3.Connection) -> None:
    sql = "SELECT key FROM tasks WHERE job = ? AND key > ? ORDER BY key LIMIT ?"
    assert steps(connection, lambda: connection.execute(sql, (2, TASKS + 100, 11)).fetchall()) < 50


@pytest.mark.parametrize("text", ["executionInfo/exitCode le 3", "executionInfo/exitCode ge 0"])
def test_filter_that_usual_tasks_match_finds_them_too(connection: sqlite3.Connection, text: str) -> None:
    condition, parameters = odata.where(text, tasks.COLUMNS)
    sql = f"SELECT count(*) FROM tasks WHERE job = 2 AND ({condition})"
    assert connection.execute(sql, parameters).fetchone()[0] == TASKS


def test_reading_thread_sees_what_has_been_committed_without_the_event_loop(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    connection = open_database(path)
    reading = ReadingThread(path)
    threads = set()

    def read(row: sqlite3.Row) -> int:
        threads.add(threading.get_ident())
        return integer(row)

    try:
        for count in (1, 2):
            connection.execute(ADD, (count, 1, 0, "success"))
            assert asyncio.run(reading.read(read, "SELECT count(*) FROM tasks")) == [count]
    finally:
        reading.close()
    assert threads.isdisjoint({threading.get_ident()})
