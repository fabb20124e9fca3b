"""Tasks. Times are microseconds since 1970 in UTC, as in every table."""

import sqlite3
from dataclasses import dataclass, fields
from typing import Any, Self

import orjson

from shoal.local.store.queries import columns, one, required
from shoal.local.store.states import TaskResult, TaskState


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    key: int
    job: int
    """The job's key."""
    id: str
    definition: bytes
    """JSON; `body` parses it."""
    slots: int
    max_retries: int
    blockers: int
    """Dependencies that are not satisfied yet."""
    satisfied: int
    state: TaskState
    state_time: int
    previous_state: TaskState | None
    previous_state_time: int | None
    attempt: int
    """Placements so far."""
    node: str | None
    """Id of the node of the latest attempt."""
    started: int | None
    ended: int | None
    exit_code: int | None
    result: TaskResult | None
    failure: bytes | None
    """JSON of the failureInfo."""
    retry_count: int
    last_retry: int | None
    requeue_count: int
    last_requeue: int | None
    created: int
    last_modified: int

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> Self:
        return cls(**columns(row, state=TaskState, previous_state=TaskState, result=TaskResult))

    @classmethod
    def require(cls, connection: sqlite3.Connection, job: int, task_id: str, *, table: str = "tasks") -> Self:
        """Return the task of a job's key with this id. Raises BatchError TaskNotFound."""
        sql = f"SELECT * FROM {table} WHERE job = ? AND id = ?"
        return required(one(connection, cls.from_row, sql, job, task_id), "Task")

    def body(self) -> dict[str, Any]:
        """Return the definition: the request's body with Batch's defaults filled in."""
        body: dict[str, Any] = orjson.loads(self.definition)
        return body


BEFORE_COMPLETION = {
    "state": "previous_state",
    "state_time": "previous_state_time",
    **dict.fromkeys(
        ("previous_state", "previous_state_time", "ended", "exit_code", "result", "failure"),
        "NULL",
    ),
}
"""Columns of a task that is shown as it was before it completed, and their values."""


def tasks_at(moment: int) -> str:
    """Return a table for FROM: `tasks`, where what has completed since the moment is shown in its state before."""
    since = f"state = '{TaskState.COMPLETED}' AND state_time > {moment:d}"
    shown = [
        f"iif({since}, {BEFORE_COMPLETION[column.name]}, {column.name}) AS {column.name}"
        if column.name in BEFORE_COMPLETION
        else column.name
        for column in fields(Task)
    ]
    return f"(SELECT {', '.join(shown)} FROM tasks)"
