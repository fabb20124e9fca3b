"""Samples of a pool's past for its formula, kept in the database so that a restart forgets none.

Azure takes one every 30 s and evaluates every 5 minutes at the shortest. A local pool may evaluate more often. Then
its samples come as much more often, and the formula sees the past in stretched time: with an interval of 5 s the last
3 s read as 3 minutes. So a formula behaves as in Azure, sixty times as fast.
"""

import os
import sqlite3
from collections.abc import Sequence

from shoal.autoscale.variables import SLOTS_PER_NODE
from shoal.local import times
from shoal.local.scheduler.loop import Transaction
from shoal.local.simulation import pool_clock
from shoal.local.store.pool import Pool
from shoal.local.store.queries import integer
from shoal.local.store.states import CountedState, JobState, NodeState, PoolState, TaskResult, TaskState
from shoal.local.store.task_count import TaskCount

PERIOD = 30 * times.SECOND
"""Source: "Automatically scale compute nodes", samples."""

KEPT = 2880
"""Samples of a day. Azure documents no number; published formulas look back an hour."""

MOST_AT_ONCE = 20
"""Samples of a simulated pool that are made up for at one beat, after the service has been busy or stopped."""

EXPRESSIONS = {
    "$ActiveTasks": "active",
    "$RunningTasks": "running",
    "$PendingTasks": "active + running",
    "$SucceededTasks": "succeeded",
    "$FailedTasks": "failed",
    "$CurrentDedicatedNodes": "dedicated",
    "$CurrentLowPriorityNodes": "low_priority",
    "$PreemptedNodeCount": "preempted",
    "$UsableNodeCount": "usable",
    "$CPUPercent": "cpu",
    # Not a column: it cannot change while there are nodes.
    SLOTS_PER_NODE: "(SELECT slots_per_node FROM pools WHERE key = samples.pool)",
}
"""SQL for each of METRICS."""


def take(tx: Transaction) -> None:
    """Sample the autoscaled pools that are due."""
    sql = "SELECT key, evaluation_interval, definition FROM pools WHERE formula IS NOT NULL AND state = ?"
    for key, evaluation_interval, definition in tx.all(tuple, sql, PoolState.ACTIVE):
        period = round(PERIOD / pool_clock.stretch(definition, evaluation_interval))
        last = tx.one(integer, "SELECT taken FROM samples WHERE pool = ? ORDER BY taken DESC LIMIT 1", key)
        if last is None or last <= tx.now - period:
            simulated = pool_clock.of_definition(definition) is not None
            for taken in due(last, tx.now, period) if simulated else (tx.now,):
                _record(tx, Pool.get(tx.connection, key), taken)
            tx.run("DELETE FROM samples WHERE pool = ? AND taken < ?", key, tx.now - KEPT * period)


def due(last: int | None, now: int, period: int) -> Sequence[int]:
    """Return the moments of a simulated pool's samples since the last one.

    Virtual time may pass several of them between two beats; a formula would take less for samples that are missing.
    """
    if last is None:
        return (now,)
    missed = (now - last) // period
    return [now - period * back for back in reversed(range(min(missed, MOST_AT_ONCE)))]


def _record(tx: Transaction, pool: Pool, taken: int) -> None:
    counts = _task_counts(tx, pool)
    tx.run(
        # In the order of the table's columns. As in Azure, the current Spot nodes include preempted ones.
        "INSERT INTO samples SELECT ?1, ?2, ?3, ?4, ?5, ?6, count(*) FILTER (WHERE dedicated),"
        " count(*) FILTER (WHERE NOT dedicated), count(*) FILTER (WHERE state = ?8),"
        " count(*) FILTER (WHERE state IN (?9, ?10)), ?7 FROM nodes WHERE pool = ?1",
        pool.key,
        taken,
        # Blocked tasks are counted apart: Azure's $ActiveTasks has only those whose dependencies are satisfied.
        counts.get((CountedState.ACTIVE, None), 0) + _more_instances(tx, pool),
        counts.get((CountedState.PREPARING, None), 0) + counts.get((CountedState.RUNNING, None), 0),
        counts.get((CountedState.COMPLETED, TaskResult.SUCCESS), 0),
        counts.get((CountedState.COMPLETED, TaskResult.FAILURE), 0),
        _cpu() if pool_clock.of_pool(pool) is None else _slots_in_use(pool, counts),
        NodeState.PREEMPTED,
        NodeState.IDLE,
        NodeState.RUNNING,
    )


def _task_counts(tx: Transaction, pool: Pool) -> dict[tuple[CountedState, TaskResult | None], int]:
    """Return the numbers of the tasks of the pool's jobs.

    Waiting tasks count of active jobs only: a disabled or terminating job starts none, but running ones may go on.
    """
    counts = tx.all(
        TaskCount.from_row,
        "SELECT c.state, c.result, sum(c.tasks), sum(c.slots) FROM jobs j JOIN task_counts c ON c.job = j.key"
        " WHERE j.account = ? AND j.pool_id = ? AND (j.state = ? OR c.state IN (?, ?, ?)) GROUP BY c.state, c.result",
        pool.account,
        pool.id,
        JobState.ACTIVE,
        CountedState.PREPARING,
        CountedState.RUNNING,
        CountedState.COMPLETED,
    )
    return {(count.state, count.result): count.tasks for count in counts}


def _more_instances(tx: Transaction, pool: Pool) -> int:
    """Return by how much the instances of waiting multi-instance tasks are more than these tasks.

    Source: "Automatically scale compute nodes", $ActiveTasks: a multi-instance task counts with its instances.
    """
    sql = (
        # CROSS: from the few multi-instance tasks, not from all jobs.
        "SELECT ifnull(sum(instances - 1), 0) FROM multi_instance_tasks CROSS JOIN tasks ON tasks.key = task"
        " CROSS JOIN jobs ON jobs.key = tasks.job WHERE tasks.state = ? AND blockers = 0"
        " AND account = ? AND pool_id = ? AND jobs.state = ?"
    )
    return tx.one(integer, sql, TaskState.ACTIVE, pool.account, pool.id, JobState.ACTIVE) or 0


def _cpu() -> float:
    """Return the use of the machine's processors, from 0 to 1: all local nodes share them."""
    return min(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def _slots_in_use(pool: Pool, counts: dict[tuple[CountedState, TaskResult | None], int]) -> float:
    """Return the use of the processors of simulated nodes, from 0 to 1: one for each running task."""
    slots = (pool.current_dedicated + pool.current_low_priority) * pool.slots_per_node
    return min(1.0, counts.get((CountedState.RUNNING, None), 0) / slots) if slots else 0.0


class PoolSamples:
    """A pool's samples in the form that `shoal.autoscale` reads: in ticks of stretched time before `now`."""

    period = PERIOD * times.TICKS_PER_MICROSECOND

    def __init__(self, tx: Transaction, pool: Pool) -> None:
        self.tx = tx
        self.pool = pool.key
        self.stretch = pool_clock.stretch(pool.definition, pool.evaluation_interval)

    def last(self, variable: str, count: int, now: int) -> Sequence[float]:
        return self._values(variable, "ORDER BY taken DESC LIMIT ?", count)[::-1]

    def window(self, variable: str, start: int, end: int, now: int) -> Sequence[float]:
        moments = self._moment(start, now), self._moment(end, now)
        return self._values(variable, "AND taken > ? AND taken <= ? ORDER BY taken", *moments)

    def count(self, variable: str, now: int) -> int:
        return len(self._values(variable, ""))

    def begin(self, variable: str, now: int) -> int | None:
        first = self.tx.one(integer, "SELECT taken FROM samples WHERE pool = ? ORDER BY taken LIMIT 1", self.pool)
        if first is None:
            return None
        return now - round((self.tx.now - first) * self.stretch) * times.TICKS_PER_MICROSECOND

    def _values(self, variable: str, condition: str, *parameters: int) -> list[float]:
        """Return a variable's samples; none for the variables that Azure retired, which have names only."""
        if variable not in EXPRESSIONS:
            return []
        # An expression out of the table above, never text of a formula.
        sql = f"SELECT {EXPRESSIONS[variable]} FROM samples WHERE pool = ? {condition}"
        return self.tx.all(_number, sql, self.pool, *parameters)

    def _moment(self, ticks: int, now: int) -> int:
        """Return the microseconds of this machine's time for a tick of stretched time."""
        return self.tx.now - round((now - ticks) / times.TICKS_PER_MICROSECOND / self.stretch)


def _number(row: sqlite3.Row) -> float:
    return float(row[0])
