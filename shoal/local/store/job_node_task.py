"""Job preparation and release tasks on nodes."""

import sqlite3
from dataclasses import dataclass
from typing import Self

from shoal.local.store.queries import columns, every, one
from shoal.local.store.states import JobNodeTaskKind, JobNodeTaskState, TaskResult


@dataclass(frozen=True, slots=True, kw_only=True)
class JobNodeTask:
    key: int
    job: int
    """The job's key."""
    node: str
    """The node's id. The node may have left its pool."""
    pool_id: str
    kind: JobNodeTaskKind
    boots: int
    """Starts of the node's agent by the time it ran."""
    attempt: int
    state: JobNodeTaskState
    started: int
    ended: int | None
    exit_code: int | None
    result: TaskResult | None
    failure: bytes | None
    """JSON of the failureInfo."""
    retry_count: int
    last_retry: int | None

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> Self:
        return cls(**columns(row, kind=JobNodeTaskKind, state=JobNodeTaskState, result=TaskResult))

    @classmethod
    def of_node(cls, connection: sqlite3.Connection, job: int, kind: JobNodeTaskKind, node: str) -> Self | None:
        sql = "SELECT * FROM job_node_tasks WHERE job = ? AND kind = ? AND node = ?"
        return one(connection, cls.from_row, sql, job, kind, node)

    @classmethod
    def of_job(cls, connection: sqlite3.Connection, job: int, kind: JobNodeTaskKind) -> list[Self]:
        sql = "SELECT * FROM job_node_tasks WHERE job = ? AND kind = ? ORDER BY key"
        return every(connection, cls.from_row, sql, job, kind)
