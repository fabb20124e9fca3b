"""Nodes, with the numbers of their tasks."""

import sqlite3
from dataclasses import dataclass
from typing import Self

from shoal.local.store.queries import columns, one, required
from shoal.local.store.states import NodeState

KEY_DIGITS = 12
"""Digits of each key in the table `recent_tasks`."""
MOST_RECENT_TASKS = 10
"""Azure documents no number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A row of the view `busy_nodes`."""

    key: int
    pool: int
    """The pool's key."""
    id: str
    dedicated: bool
    ip_address: str
    state: NodeState
    state_time: int
    allocated: int
    booted: int | None
    """The last start of its agent."""
    boot_due: int | None
    """When its machine is there and its agent starts."""
    boots: int
    """Starts of its agent."""
    draining: bool
    """Leaves the pool when its tasks have ended."""
    start_task: bytes | None
    """JSON; the start task that it got at the last start of its agent."""
    unscheduled: bool
    """Takes no tasks by request."""
    start_task_info: bytes | None
    """JSON."""
    errors: bytes | None
    """JSON."""
    tasks_run: int
    tasks_succeeded: int
    recent_tasks: tuple[int, ...] | None
    """Keys of the last tasks that ended there; None where none has. They may have been deleted."""
    running_tasks: int
    running_slots: int

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> Self:
        return cls(**columns(row, dedicated=bool, state=NodeState, draining=bool, unscheduled=bool, recent_tasks=_keys))

    @classmethod
    def require(cls, connection: sqlite3.Connection, pool: int, node_id: str) -> Self:
        """Return the node of a pool's key with this id. Raises BatchError NodeNotFound."""
        sql = "SELECT * FROM busy_nodes WHERE pool = ? AND id = ?"
        return required(one(connection, cls.from_row, sql, pool, node_id), "Node")

    @classmethod
    def get(cls, connection: sqlite3.Connection, key: int) -> Self:
        """Raises BatchError NodeNotFound."""
        return required(one(connection, cls.from_row, "SELECT * FROM busy_nodes WHERE key = ?", key), "Node")

    @classmethod
    def find(cls, connection: sqlite3.Connection, node_id: str) -> Self | None:
        """Return the node of any pool with this id, or None where there is none."""
        return one(connection, cls.from_row, "SELECT * FROM busy_nodes WHERE id = ?", node_id)

    @classmethod
    def of_boot(cls, connection: sqlite3.Connection, node_id: str, boots: int) -> Self | None:
        """Return the node, or None where it is gone or its agent has been started again since this boot."""
        sql = "SELECT * FROM busy_nodes WHERE id = ? AND boots = ?"
        return one(connection, cls.from_row, sql, node_id, boots)


def _keys(text: str) -> tuple[int, ...]:
    return tuple(int(text[start : start + KEY_DIGITS]) for start in range(0, len(text), KEY_DIGITS))
