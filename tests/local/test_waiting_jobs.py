"""A pool finds its jobs with waiting tasks, in their order, without looking at those without any."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoal.local import accounts
from shoal.local.api import definitions
from shoal.local.scheduler import job_lifecycle, pool_lifecycle, task_lifecycle
from shoal.local.scheduler.loop import Transaction
from shoal.local.store.database import open_database
from shoal.local.store.job import Job
from tests.local.paper import NOON, PoolOnPaper
from tests.local.steps import steps

VERSION = "2025-06-01"
QUEUE = "SELECT account, pool_id, urgency, job FROM waiting_jobs"
"""The triggers' work."""
TRUTH = (
    "SELECT account, pool_id, -priority, key FROM jobs WHERE state = 'active'"
    " AND EXISTS (SELECT 1 FROM tasks WHERE job = jobs.key AND tasks.state = 'active' AND blockers = 0)"
)
CHANGES = (
    "UPDATE jobs SET state = 'active' WHERE key = ?1",
    "UPDATE jobs SET state = 'disabled' WHERE key = ?1",
    "UPDATE jobs SET priority = ?2 WHERE key = ?1",
    "UPDATE jobs SET pool_id = 'p' || ?2 WHERE key = ?1",
    "UPDATE tasks SET state = 'running' WHERE job = ?1 AND id = ?2",
    "UPDATE tasks SET state = 'active', result = NULL WHERE job = ?1 AND id = ?2",
    "UPDATE tasks SET state = 'completed', result = 'failure' WHERE job = ?1 AND id = ?2",
    "UPDATE tasks SET blockers = 1 - blockers WHERE job = ?1 AND id = ?2",
    "DELETE FROM tasks WHERE job = ?1 AND id = ?2",
    "DELETE FROM jobs WHERE key = ?1 AND NOT EXISTS (SELECT 1 FROM tasks WHERE job = ?1)",
    "INSERT OR IGNORE INTO jobs (key, account, id, definition, pool_id, priority, max_retries, on_all_tasks_complete,"
    f" state_time, created, last_modified) VALUES (?1, '{accounts.DEFAULT_ACCOUNT}', ?1, x'', 'p', ?2, 0, 'noaction',"
    " 0, 0, 0)",
    "INSERT OR IGNORE INTO tasks (job, id, definition, slots, max_retries, blockers, state_time, created,"
    " last_modified) SELECT ?1, ?2, x'', 1, 0, 0, 0, 0, 0 WHERE EXISTS (SELECT 1 FROM jobs WHERE key = ?1)",
)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> sqlite3.Connection:
    connection = open_database(tmp_path_factory.mktemp("queue") / "state.db")
    accounts.ensure_default(connection)
    return connection


@given(st.lists(st.tuples(st.sampled_from(CHANGES), st.integers(1, 3), st.integers(1, 3)), max_size=40))
@settings(deadline=None, max_examples=60)
def test_queue_has_each_active_job_with_a_task_that_could_be_placed(
    empty: sqlite3.Connection, changes: list[tuple[str, int, int]]
) -> None:
    empty.execute("BEGIN")
    try:
        for change, job, number in changes:
            # Only the parameters that the statement has.
            empty.execute(change, (job, number)[: 1 + ("?2" in change)])
        assert set(map(tuple, empty.execute(QUEUE))) == set(map(tuple, empty.execute(TRUTH)))
    finally:
        empty.execute("ROLLBACK")


class FullPool:
    """A pool of one idle node, and jobs on it."""

    def __init__(self, directory: Path) -> None:
        self.paper = PoolOnPaper(directory, "$TargetDedicatedNodes = 1;", "PT5M")
        self.paper.size(self.tx(), spot=0, dedicated=1)
        self.connection = self.paper.connection

    def tx(self) -> Transaction:
        return Transaction(connection=self.paper.connection, now=NOON + 1)

    def add_job(self, job_id: str, *, tasks: int, **properties: Any) -> int:
        definition = definitions.job({"id": job_id, "poolInfo": {"poolId": "p"}, **properties}, VERSION)
        key = job_lifecycle.add(self.tx(), accounts.DEFAULT_ACCOUNT, definition)
        job = Job.get(self.connection, key)
        bodies = [{"id": f"t{number}", "commandLine": "true"} for number in range(tasks)]
        task_lifecycle.add(self.tx(), job, [definitions.task(body, job.body(), VERSION) for body in bodies])
        return key

    def fill(self) -> None:
        pool_lifecycle.settle(self.tx(), self.paper.key)

    def running(self) -> list[tuple[str, str]]:
        sql = (
            "SELECT jobs.id, tasks.id FROM tasks JOIN jobs ON jobs.key = job WHERE tasks.state = 'running'"
            " ORDER BY tasks.key"
        )
        return [tuple(row) for row in self.connection.execute(sql)]


def test_jobs_without_waiting_tasks_cost_a_fill_nothing(tmp_path: Path) -> None:
    (tmp_path / "many").mkdir()
    alone, crowded = FullPool(tmp_path), FullPool(tmp_path / "many")
    for number in range(500):
        crowded.add_job(f"empty{number}", tasks=0, priority=1)
    work = []
    for pool in (alone, crowded):
        pool.add_job("work", tasks=4)
        work.append(steps(pool.connection, pool.fill))
        assert pool.running() == [("work", f"t{number}") for number in range(4)]
    assert work[1] <= work[0] + 2


def test_jobs_are_served_by_priority_and_then_by_age_until_the_node_is_full(tmp_path: Path) -> None:
    pool = FullPool(tmp_path)
    pool.add_job("late", tasks=1, priority=-1)
    pool.add_job("older", tasks=1)
    pool.add_job("newer", tasks=2)
    pool.add_job("urgent", tasks=1, priority=1000)
    pool.fill()
    assert sorted(pool.running()) == [("newer", "t0"), ("newer", "t1"), ("older", "t0"), ("urgent", "t0")]
