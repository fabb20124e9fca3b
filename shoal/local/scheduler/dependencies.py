"""Dependencies of tasks: each task carries the number of its blockers, and runs when there are none left.

Source: "Create task dependencies": unknown ids block until such a task comes and succeeds; in a range every integer
needs a satisfying task, and `4`, `04` and `004` all stand for 4.
"""

from typing import Any

from shoal.local.scheduler.loop import Transaction
from shoal.local.store.queries import integer

MOST_DIGITS = 18
"""No range can name a longer run of digits (ranges are 32-bit in Azure)."""


def count_blockers(tx: Transaction, *, job: int, child: int, depends_on: dict[str, Any]) -> int:
    """Record what the task waits for and return how many of those are not satisfied yet."""
    # Spellings of one id are one parent: the key of `dependencies` ignores case.
    parents = {str(parent).casefold(): parent for parent in depends_on.get("taskIds", ())}
    blocking = [parent for parent in parents.values() if not _is_satisfied(tx, job, parent)]
    tx.connection.executemany(
        "INSERT INTO dependencies (job, parent, child) VALUES (?, ?, ?)", [(job, parent, child) for parent in blocking]
    )
    return len(blocking) + sum(_range_blockers(tx, job, child, span) for span in depends_on.get("taskIdRanges", ()))


def _range_blockers(tx: Transaction, job: int, child: int, span: dict[str, int]) -> int:
    first, last = span["start"], span["end"]
    # A range that is listed twice is one row, so it counts once.
    added = tx.run("INSERT OR IGNORE INTO range_dependencies VALUES (?, ?, ?, ?)", job, first, last, child)
    sql = "SELECT count(*) FROM satisfied_integers WHERE job = ? AND integer BETWEEN ? AND ?"
    satisfied = tx.one(integer, sql, job, first, last) or 0
    return max(0, last - first + 1 - satisfied) if added else 0


def _is_satisfied(tx: Transaction, job: int, parent: str) -> bool:
    return tx.exists("SELECT 1 FROM tasks WHERE job = ? AND id = ? AND satisfied = 1", job, parent)


def satisfy(tx: Transaction, *, job: int, parent: str) -> None:
    """Take one blocker off each dependent of the task `parent`, which is recorded as satisfied."""
    # Most tasks have no dependents: one look for them, and no write.
    if children := tx.all(integer, "SELECT child FROM dependencies WHERE job = ? AND parent = ?", job, parent):
        tx.connection.executemany(
            "UPDATE tasks SET blockers = blockers - 1 WHERE key = ?", [(child,) for child in children]
        )
        # A parent that is reactivated ends again: without these rows it takes nothing off a second time.
        tx.run("DELETE FROM dependencies WHERE job = ? AND parent = ?", job, parent)
    if parent.isascii() and parent.isdigit() and len(parent) <= MOST_DIGITS:
        _satisfy_integer(tx, job, int(parent))


def _satisfy_integer(tx: Transaction, job: int, number: int) -> None:
    # `4` and `04` may both succeed, but only the first of them takes something off.
    if not tx.run("INSERT OR IGNORE INTO satisfied_integers VALUES (?, ?)", job, number):
        return
    # Each of a child's overlapping ranges counted this integer as a blocker, so it comes off as often.
    for child, ranges in tx.all(
        tuple,
        "SELECT child, count(*) FROM range_dependencies WHERE job = ?1 AND first <= ?2 AND last >= ?2 GROUP BY child",
        job,
        number,
    ):
        tx.run("UPDATE tasks SET blockers = blockers - ? WHERE key = ?", ranges, child)


def forget_child(tx: Transaction, child: int) -> None:
    """Forget what a deleted task waited for."""
    # Its rows in `range_dependencies` may stay: task keys are never given again, so they change no other task.
    tx.run("DELETE FROM dependencies WHERE child = ?", child)


def forget_job(tx: Transaction, job: int) -> None:
    for table in ("dependencies", "range_dependencies", "satisfied_integers"):
        tx.run(f"DELETE FROM {table} WHERE job = ?", job)
