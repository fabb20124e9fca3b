"""Who waits for whom: a task carries the number of its blockers, and runs when there are none left.

Source: "Create task dependencies": unknown ids block until such a task comes and succeeds; in a range every integer
needs a satisfying task, and `4`, `04` and `004` all stand for 4.
"""

from typing import Any

from shoal.local.scheduler.loop import Transaction

MOST_DIGITS = 18
"""A longer run of digits is no integer that a range could name (ranges are 32-bit in Azure)."""


def count_blockers(tx: Transaction, *, job: int, child: int, depends_on: dict[str, Any]) -> int:
    """Record what the task waits for and return how many of those are not satisfied yet."""
    parents = {str(parent).casefold(): parent for parent in depends_on.get("taskIds", ())}
    blocking = [parent for parent in parents.values() if not _is_satisfied(tx, job, parent)]
    tx.connection.executemany(
        "INSERT INTO dependencies (job, parent, child) VALUES (?, ?, ?)", [(job, parent, child) for parent in blocking]
    )
    return len(blocking) + sum(_range_blockers(tx, job, child, span) for span in depends_on.get("taskIdRanges", ()))


def _range_blockers(tx: Transaction, job: int, child: int, span: dict[str, int]) -> int:
    first, last = span["start"], span["end"]
    added = tx.run("INSERT OR IGNORE INTO range_dependencies VALUES (?, ?, ?, ?)", job, first, last, child)
    row = tx.one("SELECT count(*) FROM satisfied_integers WHERE job = ? AND integer BETWEEN ? AND ?", job, first, last)
    return max(0, last - first + 1 - row[0]) if row and added else 0


def _is_satisfied(tx: Transaction, job: int, parent: str) -> bool:
    return tx.one("SELECT 1 FROM tasks WHERE job = ? AND id = ? AND satisfied = 1", job, parent) is not None


def satisfy(tx: Transaction, *, job: int, parent: str) -> None:
    """The task `parent` has satisfied its dependents: each has one blocker less."""
    tx.run("UPDATE tasks SET satisfied = 1 WHERE job = ? AND id = ?", job, parent)
    tx.run(
        "UPDATE tasks SET blockers = blockers - 1"
        " WHERE key IN (SELECT child FROM dependencies WHERE job = ?1 AND parent = ?2)",
        job,
        parent,
    )
    tx.run("DELETE FROM dependencies WHERE job = ? AND parent = ?", job, parent)
    if parent.isascii() and parent.isdigit() and len(parent) <= MOST_DIGITS:
        _satisfy_integer(tx, job, int(parent))


def _satisfy_integer(tx: Transaction, job: int, integer: int) -> None:
    if not tx.run("INSERT OR IGNORE INTO satisfied_integers VALUES (?, ?)", job, integer):
        return
    for row in tx.all(
        "SELECT child, count(*) FROM range_dependencies WHERE job = ?1 AND first <= ?2 AND last >= ?2 GROUP BY child",
        job,
        integer,
    ):
        tx.run("UPDATE tasks SET blockers = blockers - ? WHERE key = ?", row[1], row[0])


def forget_child(tx: Transaction, child: int) -> None:
    """The task itself is deleted; nothing need find it any more."""
    tx.run("DELETE FROM dependencies WHERE child = ?", child)


def forget_job(tx: Transaction, job: int) -> None:
    for table in ("dependencies", "range_dependencies", "satisfied_integers"):
        tx.run(f"DELETE FROM {table} WHERE job = ?", job)
