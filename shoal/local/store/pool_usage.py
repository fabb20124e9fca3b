"""Node time that pools have used, summed over the times of their machines."""

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple, Self

from shoal.local import times
from shoal.local.store.pool import Pool
from shoal.local.store.queries import every, integer, one

INTERVAL = 30 * times.MINUTE
"""Length of an aggregation interval, which begins with an hour or half an hour, as recorded of Azure."""

# Parameters: account, start of the first interval, latest end of the last, length.
USED = """
    WITH RECURSIVE intervals (began, ended) AS (
        SELECT ?2, ?2 + ?4 WHERE ?2 + ?4 <= ?3
        UNION ALL SELECT ended, ended + ?4 FROM intervals WHERE ended + ?4 <= ?3
    )
    SELECT pool_id, vm_size, intervals.began, intervals.ended,
        sum(min(ifnull(node_usage.ended, intervals.ended), intervals.ended) - max(node_usage.began, intervals.began))
    FROM intervals JOIN node_usage ON account = ?1 AND node_usage.began < intervals.ended
        AND (node_usage.ended IS NULL OR node_usage.ended > intervals.began)
    WHERE {condition} GROUP BY intervals.began, pool_id, vm_size ORDER BY intervals.began, pool_id, vm_size
"""


class PoolUsage(NamedTuple):
    """The use of a pool in an interval. Times in microseconds."""

    pool_id: str
    vm_size: str
    began: int
    ended: int
    node_time: int
    """Total time of all nodes."""

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> Self:
        return cls(*row)

    @property
    def name(self) -> bytes:
        """A name that no other usage has, in the order of the query."""
        return f"{self.began:020}\0{self.pool_id.lower()}\0{self.vm_size}".encode()


def last_interval(now: int) -> tuple[int, int]:
    """Return the begin and the end of the last interval that is over."""
    end = now - now % INTERVAL
    return end - INTERVAL, end


def usage_query(
    account: str, *, start: int, end: int, condition: str, parameters: Sequence[str | int]
) -> tuple[str, list[str | int]]:
    """Return the query for the whole intervals in a span of time, and its parameters."""
    first = start + -start % INTERVAL
    return USED.format(condition=condition), [account, first, end, INTERVAL, *parameters]


def first_use(connection: sqlite3.Connection, account: str) -> int | None:
    """Return since when machines of the account are known; None where there were none."""
    sql = "SELECT began FROM node_usage WHERE account = ? ORDER BY began LIMIT 1"
    return one(connection, integer, sql, account)


def dedicated_time(connection: sqlite3.Connection, pool: Pool, now: int) -> list[tuple[str, int]]:
    """Return the time of the pool's dedicated nodes until now, by size, in microseconds."""
    # The pool's id may have been another pool's before.
    sql = (
        "SELECT vm_size, sum(max(ifnull(ended, ?1) - began, 0)) FROM node_usage"
        " WHERE account = ?2 AND pool_id = ?3 AND began >= ?4 AND dedicated GROUP BY vm_size"
    )
    return every(connection, tuple, sql, now, pool.account, pool.id, pool.created)
