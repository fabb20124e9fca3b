"""Instances of multi-instance tasks, each on another node."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import orjson

from shoal.local.store.queries import columns, every
from shoal.local.store.states import SubtaskState, TaskResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Subtask:
    task: int
    """The task's key."""
    number: int
    """0 is the primary's."""
    attempt: int
    """The task's."""
    node: str
    """The node's id. The node may have left its pool."""
    state: SubtaskState
    state_time: int
    previous_state: SubtaskState | None
    previous_state_time: int | None
    started: int | None
    ended: int | None
    exit_code: int | None
    result: TaskResult | None
    failure: bytes | None
    """JSON of the failureInfo."""

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> Self:
        return cls(**columns(row, state=SubtaskState, previous_state=SubtaskState, result=TaskResult))

    @classmethod
    def of_task(cls, connection: sqlite3.Connection, task: int) -> list[Self]:
        """Return the subtasks of a task's key in their order, without its primary."""
        sql = "SELECT * FROM subtasks WHERE task = ? AND number > 0 ORDER BY number"
        return every(connection, cls.from_row, sql, task)

    @classmethod
    def on_nodes(cls, connection: sqlite3.Connection, nodes: Iterable[str]) -> list[Self]:
        """Return the subtasks that run or have run on these nodes last."""
        sql = "SELECT * FROM subtasks WHERE node IN (SELECT value FROM json_each(?)) AND number > 0"
        return every(connection, cls.from_row, sql, orjson.dumps([*nodes]).decode())
