"""A state of an older schema is brought up to date when it is opened, as one transaction or not at all."""

import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from shoal.local.scheduler import dependencies
from shoal.local.scheduler.loop import Transaction
from shoal.local.store import database
from shoal.local.store.database import SCHEMA_VERSION, ForeignDatabase, open_database
from tests.local.making import completed, counts, execution, make_job, task
from tests.services import batch_client, running_service

VERSION_2 = Path(__file__).with_name("version_2.sql").read_text()
TABLES = (
    "settings",
    "storage_accounts",
    "accounts",
    "arm_resources",
    "applications",
    "application_versions",
    "pools",
    "samples",
    "nodes",
    "jobs",
    "tasks",
    "dependencies",
    "range_dependencies",
    "satisfied_integers",
    "allocations",
    "task_counts",
)


def old_state(directory: Path, *more: str) -> Path:
    """Write a database of version 2, changed by `more` statements."""
    path = directory / "batch.db"
    connection = sqlite3.connect(path)
    connection.executescript(VERSION_2)
    for statement in more:
        connection.execute(statement)
    connection.commit()
    connection.close()
    return path


def dump(path: Path) -> tuple[int, list[str]]:
    connection = sqlite3.connect(path)
    try:
        return version(connection), list(connection.iterdump())
    finally:
        connection.close()


def version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def rows(connection: sqlite3.Connection) -> dict[str, list[tuple[object, ...]]]:
    return {table: [tuple(row) for row in connection.execute(f"SELECT * FROM {table}")] for table in TABLES}


def schema(connection: sqlite3.Connection) -> dict[str, str]:
    """Return the text of each table, index, trigger and view without comments, quotes and line breaks."""
    texts = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {name: " ".join(re.sub(r"--[^\n]*|\"", " ", sql).split()) for name, sql in texts}


def test_migrated_state_has_the_schema_of_a_new_one_and_every_row(tmp_path: Path) -> None:
    old = sqlite3.connect(old_state(tmp_path))
    before = rows(old)
    old.close()
    migrated, made = open_database(tmp_path / "batch.db"), open_database(tmp_path / "new.db")
    assert version(migrated) == SCHEMA_VERSION
    assert schema(migrated) == schema(made)
    assert rows(migrated) == before
    assert [len(before[table]) for table in ("pools", "nodes", "jobs", "tasks", "task_counts")] == [2, 1, 2, 5, 4]


def test_keys_of_tasks_that_were_deleted_before_are_not_given_again(tmp_path: Path) -> None:
    connection = open_database(old_state(tmp_path))
    (key,) = connection.execute(
        "INSERT INTO tasks (job, id, definition, slots, max_retries, blockers, state_time, created, last_modified)"
        " VALUES (2, 'more', x'7B7D', 1, 0, 0, 0, 0, 0) RETURNING key"
    ).fetchone()
    assert key == 41


def test_counts_follow_the_tasks_after_a_migration(tmp_path: Path) -> None:
    connection = open_database(old_state(tmp_path))
    connection.execute("UPDATE tasks SET state = 'running' WHERE id = 'waits'")
    counted = "SELECT tasks FROM task_counts WHERE job = 2 AND state = 'running'"
    assert connection.execute(counted).fetchone()[0] == 2


def test_task_that_waits_for_a_range_is_free_after_the_rest_of_it_when_the_state_is_migrated(tmp_path: Path) -> None:
    path = old_state(
        tmp_path,
        # `1` is satisfied already; of 1 to 6 there are five left, and `never` beside them.
        "INSERT INTO range_dependencies VALUES (2, 1, 6, 5)",
        "UPDATE tasks SET blockers = 6 WHERE key = 5",
    )
    tx = Transaction(connection=open_database(path), now=1)
    blocked = []
    for parent in ("2", "3", "4", "5", "never", "6"):
        dependencies.satisfy(tx, job=2, parent=parent)
        blocked.append(tx.exists("SELECT 1 FROM tasks WHERE key = 5 AND blockers > 0"))
    assert blocked == [True, True, True, True, True, False]


def test_service_starts_on_an_old_state_and_goes_on_with_its_work(tmp_path: Path) -> None:
    old_state(tmp_path)
    with running_service(tmp_path) as status, batch_client(status) as client:
        assert {pool.id: pool.target_dedicated_nodes for pool in client.list_pools()} == {"Work": 1, "scaled": 0}
        assert {job.id: (job.state, job.priority) for job in client.list_jobs()} == {
            "done": ("completed", 5),
            "Sweep": ("active", 0),
        }
        codes = {
            done.id: execution(done).exit_code for done in client.list_tasks("sweep", filter="state eq 'completed'")
        }
        assert {"1": 0, "2": 3}.items() <= codes.items()
        assert execution(completed(client, "Sweep", "running")).requeue_count == 1
        assert execution(completed(client, "Sweep", "waits")).result == "success"
        assert client.get_task("Sweep", "blocked").state == "active"
        make_job(client, "more", "work")
        client.create_task("more", task("t", "true"))
        assert execution(completed(client, "more", "t")).exit_code == 0
        assert counts(client, "Sweep").completed == 4


def test_newer_state_is_refused_with_one_sentence_and_left_alone(tmp_path: Path) -> None:
    path = old_state(tmp_path, f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    before = path.read_bytes()
    command = [sys.executable, "-m", "shoal.local", str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (ended.returncode, ended.stderr) == (
        1,
        f"error: {path} was written by a newer Shoal (state of version {SCHEMA_VERSION + 1}, this one reads up to "
        f"{SCHEMA_VERSION}); upgrade Shoal, or start it with another --state directory\n",
    )
    assert path.read_bytes() == before


def test_state_from_before_the_first_step_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ForeignDatabase, match="version 1, which is too old to be migrated"):
        open_database(old_state(tmp_path, "PRAGMA user_version = 1"))


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("UPDATE jobs SET state = 'finished' WHERE id = 'done'", "CHECK constraint failed"),
        ("UPDATE nodes SET pool = 7", "a row refers to one that does not exist"),
    ],
)
def test_failed_migration_leaves_the_old_state_as_it_was(tmp_path: Path, fault: str, reason: str) -> None:
    path = old_state(tmp_path, fault)
    before = dump(path)
    with pytest.raises(sqlite3.IntegrityError, match=reason):
        open_database(path)
    assert dump(path) == before
    assert before[0] == 2


def test_steps_lead_to_the_newest_version_without_a_gap() -> None:
    assert sorted(database.migrations()) == list(range(3, SCHEMA_VERSION + 1))
