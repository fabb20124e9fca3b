"""A task's life but for its runs: added, ended by request, requeued, reactivated, deleted."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from shoal.local import errors
from shoal.local.scheduler import dependencies
from shoal.local.scheduler.loop import Transaction
from shoal.local.scheduler.verdicts import Ending, task_ended_failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A task as it was asked for, with Batch's defaults filled in."""

    id: str
    body: dict[str, Any]
    slots: int
    max_retries: int | None
    """None inherits the job's."""


def add(tx: Transaction, job: sqlite3.Row, definitions: Sequence[Definition]) -> list[errors.BatchError | None]:
    """Add tasks to an active job; for each None, or why it was not added."""
    outcomes = [_add(tx, job, definition) for definition in definitions]
    _touch_pool(tx, job)
    return outcomes


def _add(tx: Transaction, job: sqlite3.Row, definition: Definition) -> errors.BatchError | None:
    max_retries = job["max_retries"] if definition.max_retries is None else definition.max_retries
    try:
        cursor = tx.connection.execute(
            "INSERT INTO tasks (job, id, definition, slots, max_retries, blockers, state_time, created, last_modified)"
            " VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6, ?6, ?6)",
            (job["key"], definition.id, orjson.dumps(definition.body), definition.slots, max_retries, tx.now),
        )
    except sqlite3.IntegrityError:
        return errors.already_exists("Task")
    if depends_on := definition.body.get("dependsOn"):
        key = cursor.lastrowid or 0
        blockers = dependencies.count_blockers(tx, job=job["key"], child=key, depends_on=depends_on)
        tx.run("UPDATE tasks SET blockers = ? WHERE key = ?", blockers, key)
    return None


def complete(tx: Transaction, key: int, ending: Ending, failure: dict[str, Any] | None) -> None:
    """Success where `failure` is None; a completed task stays as it is."""
    tx.run(
        "UPDATE tasks SET previous_state = state, previous_state_time = state_time, state = 'completed',"
        " state_time = ?1, ended = ?2, exit_code = ?3, result = ?4, failure = ?5"
        " WHERE key = ?6 AND state != 'completed'",
        tx.now,
        ending.ended,
        ending.exit_code,
        "success" if failure is None else "failure",
        None if failure is None else orjson.dumps(failure),
        key,
    )


def end(tx: Transaction, task: sqlite3.Row, message: str) -> None:
    """Complete a task by request: as a failure, its process killed. Its slots are free when its node says so."""
    if task["state"] == "running":
        kill(tx, task)
    complete(tx, task["key"], Ending(ended=tx.now), task_ended_failure(message))


def kill(tx: Transaction, task: sqlite3.Row) -> None:
    tx.tell(task["node"], {"kill": [[task["key"], task["attempt"]]]})


def terminate(tx: Transaction, job_key: int, task_id: str) -> None:
    task = by_id(tx, job_key, task_id)
    if task["state"] == "completed":
        raise errors.conflict("TaskCompleted", "The specified task is already in a completed state.")
    end(tx, task, "The task was ended by user request")


def reactivate(tx: Transaction, job: sqlite3.Row, task_id: str) -> None:
    """A failed task of an active job runs again, with all of its retries. Source: REST reference, Reactivate Task."""
    task = by_id(tx, job["key"], task_id)
    if task["state"] != "completed":
        raise errors.conflict("TaskNotCompleted", "The specified task is not in a completed state.")
    if task["exit_code"] == 0 and task["result"] == "success":
        raise errors.conflict("TaskSucceeded", "The specified task has completed successfully.")
    tx.run(
        "UPDATE tasks SET previous_state = state, previous_state_time = state_time, state = 'active', state_time = ?1,"
        " retry_count = 0, last_retry = NULL, exit_code = NULL, result = NULL, failure = NULL, ended = NULL"
        " WHERE key = ?2",
        tx.now,
        task["key"],
    )
    _touch_pool(tx, job)


def delete(tx: Transaction, job: sqlite3.Row, task_id: str) -> None:
    task = by_id(tx, job["key"], task_id)
    if task["state"] == "running":
        kill(tx, task)
    dependencies.forget_child(tx, task["key"])
    tx.run("DELETE FROM tasks WHERE key = ?", task["key"])
    if task["node"] is not None:
        tx.tell(task["node"], {"forget": [job["id"], task["id"]]})


def requeue_from(tx: Transaction, node: str) -> None:
    """The node is gone or going: what ran there waits again, on any node, without spending a retry.

    Every such loss counts in `requeueCount`; Azure documents the count for requeues by request only.
    """
    tx.run(
        "UPDATE tasks SET previous_state = state, previous_state_time = state_time, state = 'active', state_time = ?1,"
        " requeue_count = requeue_count + 1, last_requeue = ?1"
        " WHERE state = 'running' AND (key, attempt) IN (SELECT task, attempt FROM allocations WHERE node = ?2)",
        tx.now,
        node,
    )
    tx.run("DELETE FROM allocations WHERE node = ?", node)


def by_id(tx: Transaction, job_key: int, task_id: str) -> sqlite3.Row:
    task = tx.one("SELECT * FROM tasks WHERE job = ? AND id = ?", job_key, task_id)
    if task is None:
        raise errors.not_found("Task")
    return task


def _touch_pool(tx: Transaction, job: sqlite3.Row) -> None:
    pool = tx.one("SELECT key FROM pools WHERE account = ? AND id = ?", job["account"], job["pool_id"])
    if pool is not None:
        tx.pools_to_fill.add(pool["key"])
