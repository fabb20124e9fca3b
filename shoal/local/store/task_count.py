"""Numbers of a job's tasks and of their slots, by state and result."""

import sqlite3
from typing import NamedTuple, Self

from shoal.local.store.queries import every
from shoal.local.store.states import CountedState, TaskResult


class TaskCount(NamedTuple):
    state: CountedState
    result: TaskResult | None
    tasks: int
    slots: int

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> Self:
        # '' stands for no result, which NULL cannot do in a primary key.
        state, result, tasks, slots = row
        return cls(CountedState(state), TaskResult(result) if result else None, tasks, slots)

    @classmethod
    def of_job(cls, connection: sqlite3.Connection, job: int) -> list[Self]:
        """Return the counts of a job's key."""
        return every(connection, cls.from_row, "SELECT state, result, tasks, slots FROM task_counts WHERE job = ?", job)

    @classmethod
    def of_job_at(cls, connection: sqlite3.Connection, job: int, moment: int) -> list[Self]:
        """Return the counts of a job's key at a moment of the past, as far as tasks know their previous state.

        It reads all tasks of the job. A task that was reactivated since then counts as completed without a result.
        """
        return every(connection, cls.from_row, AT_A_MOMENT, job, moment)


AT_A_MOMENT = """
    SELECT was, known, count(*), sum(slots) FROM (
        SELECT
            slots,
            CASE WHEN state_time <= ?2 THEN state WHEN previous_state_time <= ?2 THEN previous_state ELSE 'active' END
                AS was,
            iif(state_time <= ?2, ifnull(result, ''), '') AS known
        FROM tasks WHERE job = ?1 AND created <= ?2
    ) GROUP BY was, known
"""
