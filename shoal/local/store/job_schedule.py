"""Job schedules."""

import sqlite3
from dataclasses import dataclass
from typing import Any, Self

import orjson

from shoal.local.store.queries import columns, one, required
from shoal.local.store.states import JobScheduleState


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSchedule:
    key: int
    account: str
    id: str
    definition: bytes
    """JSON; `body` parses it."""
    state: JobScheduleState
    state_time: int
    previous_state: JobScheduleState | None
    previous_state_time: int | None
    next_run: int | None
    """When its next job is due."""
    last_run: int | None
    """When its latest job was due."""
    runs: int
    """Jobs so far."""
    ended: int | None
    created: int
    last_modified: int

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> Self:
        return cls(**columns(row, state=JobScheduleState, previous_state=JobScheduleState))

    @classmethod
    def require(cls, connection: sqlite3.Connection, account: str, schedule_id: str) -> Self:
        """Return the account's schedule with this id. Raises BatchError JobScheduleNotFound."""
        sql = "SELECT * FROM job_schedules WHERE account = ? AND id = ?"
        return required(one(connection, cls.from_row, sql, account, schedule_id), "JobSchedule")

    def body(self) -> dict[str, Any]:
        """Return the definition: the request's body with Batch's defaults filled in."""
        body: dict[str, Any] = orjson.loads(self.definition)
        return body

    @property
    def recent_job(self) -> str | None:
        """Id of the latest job, which may be gone."""
        return f"{self.id}:job-{self.runs}" if self.runs else None
