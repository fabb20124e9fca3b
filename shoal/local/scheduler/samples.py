"""What formulas see of a pool's past: samples, kept in the database so that a restart forgets none.

Azure takes one every 30 s and evaluates every 5 minutes at the shortest. A local pool may evaluate more often; then
its samples come as much more often, and the past is told to the formula in stretched time: with an interval of 5 s
the last 3 s read as 3 minutes. So a formula behaves as in Azure, sixty times as fast.
"""

import os
import sqlite3
from collections.abc import Sequence

from shoal.local import times
from shoal.local.scheduler.loop import Transaction

PERIOD = 30 * times.SECOND
SHORTEST_INTERVAL = 5 * times.MINUTE
"""Source: "Automatically scale compute nodes": samples every 30 s, intervals of 5 minutes to 168 hours."""

KEPT = 2880
"""Samples of a day. Azure documents no number; published formulas look back an hour."""

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
}


def stretch(evaluation_interval: int) -> float:
    """How many times faster than in Azure a pool with this interval lives."""
    return max(1.0, SHORTEST_INTERVAL / evaluation_interval)


def take(tx: Transaction) -> None:
    """Sample the autoscaled pools for which it is time."""
    for pool in tx.all("SELECT * FROM pools WHERE formula IS NOT NULL AND state = 'active'"):
        period = round(PERIOD / stretch(pool["evaluation_interval"]))
        last = tx.one("SELECT max(taken) AS taken FROM samples WHERE pool = ?", pool["key"])
        if last is None or last["taken"] is None or tx.now - last["taken"] >= period:
            _record(tx, pool)
            tx.run("DELETE FROM samples WHERE pool = ? AND taken < ?", pool["key"], tx.now - KEPT * period)


def _record(tx: Transaction, pool: sqlite3.Row) -> None:
    counts = {
        row["state"] + row["result"]: row["tasks"]
        for row in tx.all(
            "SELECT c.state, c.result, sum(c.tasks) AS tasks FROM jobs j JOIN task_counts c ON c.job = j.key"
            " WHERE j.account = ? AND j.pool_id = ? AND (j.state = 'active' OR c.state = 'completed')"
            " GROUP BY c.state, c.result",
            pool["account"],
            pool["id"],
        )
    }
    tx.run(
        "INSERT INTO samples SELECT ?, ?, ?, ?, ?, ?, count(*) FILTER (WHERE dedicated),"
        " count(*) FILTER (WHERE NOT dedicated), count(*) FILTER (WHERE state = 'preempted'),"
        " count(*) FILTER (WHERE state IN ('idle', 'running')), ? FROM nodes WHERE pool = ?",
        pool["key"],
        tx.now,
        *(counts.get(name, 0) for name in ("active", "running", "completedsuccess", "completedfailure")),
        _cpu(),
        pool["key"],
    )


def _cpu() -> float:
    """The use of the machine's processors, from 0 to 1: all local nodes share them."""
    return min(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


class PoolSamples:
    """A pool's samples as `shoal.autoscale` asks for them: in ticks of stretched time before `now`."""

    period = PERIOD * times.TICKS_PER_MICROSECOND

    def __init__(self, tx: Transaction, pool: sqlite3.Row) -> None:
        self.tx = tx
        self.pool = pool["key"]
        self.stretch = stretch(pool["evaluation_interval"])

    def last(self, variable: str, count: int, now: int) -> Sequence[float]:
        return self._values(variable, "ORDER BY taken DESC LIMIT ?", count)[::-1]

    def window(self, variable: str, start: int, end: int, now: int) -> Sequence[float]:
        moments = self._moment(start, now), self._moment(end, now)
        return self._values(variable, "AND taken > ? AND taken <= ? ORDER BY taken", *moments)

    def count(self, variable: str, now: int) -> int:
        return len(self._values(variable, ""))

    def begin(self, variable: str, now: int) -> int | None:
        (row,) = self.tx.all("SELECT min(taken) FROM samples WHERE pool = ?", self.pool)
        if row[0] is None:
            return None
        return now - round((self.tx.now - int(row[0])) * self.stretch) * times.TICKS_PER_MICROSECOND

    def _values(self, variable: str, which: str, *parameters: int) -> list[float]:
        """Nothing for the variables that Azure retired: they have names but no samples."""
        if variable not in EXPRESSIONS:
            return []
        rows = self.tx.all(
            f"SELECT {EXPRESSIONS[variable]} FROM samples WHERE pool = ? {which}", self.pool, *parameters
        )
        return [float(row[0]) for row in rows]

    def _moment(self, ticks: int, now: int) -> int:
        """When that was, in microseconds of this machine's time."""
        return self.tx.now - round((now - ticks) / times.TICKS_PER_MICROSECOND / self.stretch)
