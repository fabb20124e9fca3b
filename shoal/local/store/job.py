"""Jobs."""

import sqlite3
from dataclasses import dataclass
from typing import Any, Self

import orjson

from shoal.local.store.queries import columns, one, required
from shoal.local.store.states import AllTasksCompleteMode, JobState


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    key: int
    account: str
    id: str
    definition: bytes
    """JSON; `body` parses it."""
    pool_id: str
    """The pool need not exist."""
    priority: int
    max_retries: int
    """Inherited by the job's tasks."""
    deadline: int | None
    on_all_tasks_complete: AllTasksCompleteMode
    state: JobState
    state_time: int
    previous_state: JobState | None
    previous_state_time: int | None
    terminate_reason: str | None
    ended: int | None
    created: int
    last_modified: int

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> Self:
        return cls(**columns(row, on_all_tasks_complete=AllTasksCompleteMode, state=JobState, previous_state=JobState))

    @classmethod
    def require(cls, connection: sqlite3.Connection, account: str, job_id: str) -> Self:
        """Return the account's job with this id. Raises BatchError JobNotFound."""
        sql = "SELECT * FROM jobs WHERE account = ? AND id = ?"
        return required(one(connection, cls.from_row, sql, account, job_id), "Job")

    @classmethod
    def get(cls, connection: sqlite3.Connection, key: int) -> Self:
        """Raises BatchError JobNotFound."""
        return required(one(connection, cls.from_row, "SELECT * FROM jobs WHERE key = ?", key), "Job")

    def body(self) -> dict[str, Any]:
        """Return the definition: the request's body with Batch's defaults filled in."""
        body: dict[str, Any] = orjson.loads(self.definition)
        return body
