"""A job's life: added, patched, terminated, deleted."""

import sqlite3
from dataclasses import dataclass
from typing import Any

import orjson

from shoal.local import errors, times
from shoal.local.scheduler import dependencies, tasks
from shoal.local.scheduler.loop import Transaction

DELETED_AT_ONCE = 5_000
"""Tasks removed in one transaction; a larger job is deleted in several, between which others are served."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A job as it was asked for, with Batch's defaults filled in."""

    id: str
    body: dict[str, Any]
    pool_id: str

    @property
    def columns(self) -> dict[str, Any]:
        limit = self.body["constraints"]["maxWallClockTime"]
        return {
            "definition": orjson.dumps(self.body),
            "pool_id": self.pool_id,
            "priority": self.body["priority"],
            "max_retries": self.body["constraints"]["maxTaskRetryCount"],
            "time_limit": None if limit == times.UNLIMITED else times.duration(limit),
            "on_all_tasks_complete": self.body["onAllTasksComplete"],
        }


def add(tx: Transaction, account: str, definition: Definition) -> int:
    try:
        cursor = tx.connection.execute(
            "INSERT INTO jobs (account, id, definition, pool_id, priority, max_retries, deadline,"
            " on_all_tasks_complete, state_time, created, last_modified)"
            " VALUES (:account, :id, :definition, :pool_id, :priority, :max_retries, :now + :time_limit,"
            " :on_all_tasks_complete, :now, :now, :now)",
            {**definition.columns, "account": account, "id": definition.id, "now": tx.now},
        )
    except sqlite3.IntegrityError:
        raise errors.already_exists("Job") from None
    key = cursor.lastrowid or 0
    complete_if_done(tx, key)
    return key


def redefine(tx: Transaction, job: sqlite3.Row, definition: Definition) -> None:
    """Replace what may be updated; the job's retries are inherited by tasks added from now on."""
    require_not_deleting(job)
    tx.connection.execute(
        "UPDATE jobs SET definition = :definition, pool_id = :pool_id, priority = :priority,"
        " max_retries = :max_retries, deadline = created + :time_limit, on_all_tasks_complete = :on_all_tasks_complete,"
        " last_modified = :now WHERE key = :key",
        {**definition.columns, "key": job["key"], "now": tx.now},
    )
    complete_if_done(tx, job["key"])


def complete_if_done(tx: Transaction, key: int) -> None:
    """Source: REST reference, onAllTasksComplete: a job without tasks counts as complete."""
    job = by_key(tx, key)
    if job["state"] != "active" or job["on_all_tasks_complete"] != "terminatejob":
        return
    unfinished = tx.one(
        "SELECT 1 FROM task_counts WHERE job = ? AND state IN ('active', 'blocked', 'running') AND tasks > 0 LIMIT 1",
        key,
    )
    if unfinished is None:
        terminate(tx, key, reason="AllTasksComplete")


def terminate(tx: Transaction, key: int, *, reason: str) -> None:
    """End the job and what runs of it; its active tasks stay active and never run. Completed jobs stay as they are."""
    completed = tx.run(
        "UPDATE jobs SET previous_state = state, previous_state_time = state_time, state = 'completed',"
        " state_time = ?1, ended = ?1, terminate_reason = ?2 WHERE key = ?3 AND state = 'active'",
        tx.now,
        reason,
        key,
    )
    if completed:
        _end_running(tx, key, "The task was ended because its job was terminated")


def terminate_overdue(tx: Transaction) -> None:
    """Source: REST reference, JobConstraints: the limit counts from the job's creation."""
    for row in tx.all("SELECT key FROM jobs WHERE state = 'active' AND deadline <= ?", tx.now):
        terminate(tx, row["key"], reason="MaxWallClockTimeExpiry")


def begin_delete(tx: Transaction, job: sqlite3.Row) -> None:
    require_not_deleting(job)
    tx.run(
        "UPDATE jobs SET previous_state = state, previous_state_time = state_time, state = 'deleting', state_time = ?,"
        " deadline = NULL WHERE key = ?",
        tx.now,
        job["key"],
    )
    _end_running(tx, job["key"], "The task was ended because its job was deleted")
    delete_some(tx, job["key"])


def delete_some(tx: Transaction, key: int) -> bool:
    """Delete a part of a job that is being deleted; whether anything is left."""
    removed = tx.run(
        "DELETE FROM tasks WHERE key IN (SELECT key FROM tasks WHERE job = ? LIMIT ?)", key, DELETED_AT_ONCE
    )
    if removed == DELETED_AT_ONCE:
        return True
    job = by_key(tx, key)
    dependencies.forget_job(tx, key)
    tx.run("DELETE FROM task_counts WHERE job = ?", key)
    tx.run("DELETE FROM jobs WHERE key = ?", key)
    for node in tx.all(
        "SELECT nodes.id FROM nodes JOIN pools ON pools.key = nodes.pool WHERE pools.account = ?", job["account"]
    ):
        tx.tell(node["id"], {"forget": [job["id"], None]})
    return False


def delete_parts(tx: Transaction) -> bool:
    """Go on with the jobs that are being deleted; whether anything is left of any."""
    unfinished = [delete_some(tx, row["key"]) for row in tx.all("SELECT key FROM jobs WHERE state = 'deleting'")]
    return any(unfinished)


def _end_running(tx: Transaction, key: int, message: str) -> None:
    for task in tx.all("SELECT * FROM tasks WHERE job = ? AND state = 'running'", key):
        tasks.end(tx, task, message)


def by_key(tx: Transaction, key: int) -> sqlite3.Row:
    job = tx.one("SELECT * FROM jobs WHERE key = ?", key)
    if job is None:
        raise errors.not_found("Job")
    return job


def by_id(tx: Transaction, account: str, job_id: str) -> sqlite3.Row:
    job = tx.one("SELECT * FROM jobs WHERE account = ? AND id = ?", account, job_id)
    if job is None:
        raise errors.not_found("Job")
    return job


def require_active(job: sqlite3.Row) -> None:
    require_not_deleting(job)
    if job["state"] == "completed":
        raise errors.conflict("JobCompleted", "The specified job is already in a completed state.")


def require_not_deleting(job: sqlite3.Row) -> None:
    if job["state"] == "deleting":
        raise errors.conflict(
            "JobBeingDeleted", "The specified job has been marked for deletion and is being reclaimed."
        )
