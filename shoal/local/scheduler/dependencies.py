"""Dependencies of tasks: each task carries the number of its blockers, and runs when there are none left.

Source: "Create task dependencies": unknown ids block until such a task comes and succeeds; in a range every integer
needs a satisfying task, and `4`, `04` and `004` all stand for 4.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from shoal.local.scheduler.loop import Transaction
from shoal.local.store.queries import integer

MOST_DIGITS = 18
"""No range can name a longer run of digits (ranges are 32-bit in Azure)."""
LARGEST_PART = 1 << 62
COUNT_INTEGER = """
    WITH RECURSIVE around(size, first) AS (
        SELECT 1, ?2
        UNION ALL
        SELECT size * 2, ?2 - ?2 % (size * 2) FROM around
        WHERE size < (SELECT max(size) FROM range_parts WHERE job = ?1)
    )
    UPDATE range_parts SET missing = missing - 1
    WHERE job = ?1 AND (size, first) IN (SELECT size, first FROM around) RETURNING first, size, missing
"""
"""Counts an integer in each part around it that somebody waits for."""


def count_blockers(tx: Transaction, *, job: int, child: int, depends_on: dict[str, Any]) -> int:
    """Record what the task waits for and return how many of those are not satisfied yet."""
    # Spellings of one id are one parent: the key of `dependencies` ignores case.
    parents = {str(parent).casefold(): parent for parent in depends_on.get("taskIds", ())}
    blocking = [parent for parent in parents.values() if not _is_satisfied(tx, job, parent)]
    tx.connection.executemany(
        "INSERT INTO dependencies (job, parent, child) VALUES (?, ?, ?)", [(job, parent, child) for parent in blocking]
    )
    spans = merged((span["start"], span["end"]) for span in depends_on.get("taskIdRanges", ()))
    return len(blocking) + sum(_range_blockers(tx, job, child, *span) for span in spans)


def merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the same integers in the fewest ranges: those that overlap or touch become one."""
    result: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if result and first <= result[-1][1] + 1:
            result[-1] = result[-1][0], max(last, result[-1][1])
        else:
            result.append((first, last))
    return result


def parts(first: int, last: int) -> Iterator[tuple[int, int]]:
    """Split a range into the fewest parts (first integer, size) that begin at a multiple of their size, a power of 2.

    So ranges share parts. An integer lies in one part of each size, so its success is counted a few times however many
    tasks wait for it.
    """
    while first <= last:
        size = first & -first or LARGEST_PART
        while first + size - 1 > last:
            size //= 2
        yield first, size
        first += size


def _range_blockers(tx: Transaction, job: int, child: int, start: int, end: int) -> int:
    """Record the parts of a range that the task waits for, and return their number."""
    waited = [part for part in parts(start, end) if _is_missing(tx, job, *part)]
    return sum(
        tx.run("INSERT INTO range_dependencies VALUES (?, ?, ?, ?)", job, first, first + size - 1, child)
        for first, size in waited
    )


def _is_missing(tx: Transaction, job: int, first: int, size: int) -> bool:
    """Return True where not all integers of the part are satisfied, which are counted from now on."""
    if tx.exists("SELECT 1 FROM range_parts WHERE job = ? AND size = ? AND first = ?", job, size, first):
        return True
    sql = "SELECT count(*) FROM satisfied_integers WHERE job = ? AND integer BETWEEN ? AND ?"
    missing = size - (tx.one(integer, sql, job, first, first + size - 1) or 0)
    if missing:
        tx.run("INSERT INTO range_parts VALUES (?, ?, ?, ?)", job, size, first, missing)
    return missing > 0


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
    for first, size, missing in tx.all(tuple, COUNT_INTEGER, job, number):
        if not missing:
            _complete_part(tx, job, first, size)


def _complete_part(tx: Transaction, job: int, first: int, size: int) -> None:
    """Take one blocker off each task that waits for the part."""
    part = (job, first, first + size - 1)
    tx.run(
        "UPDATE tasks SET blockers = blockers - 1"
        " WHERE key IN (SELECT child FROM range_dependencies WHERE job = ? AND first = ? AND last = ?)",
        *part,
    )
    tx.run("DELETE FROM range_dependencies WHERE job = ? AND first = ? AND last = ?", *part)
    tx.run("DELETE FROM range_parts WHERE job = ? AND size = ? AND first = ?", job, size, first)


def forget_child(tx: Transaction, child: int) -> None:
    """Forget what a deleted task waited for."""
    # Its rows in `range_dependencies` may stay: task keys are never given again, so they change no other task.
    tx.run("DELETE FROM dependencies WHERE child = ?", child)


def forget_job(tx: Transaction, job: int) -> None:
    for table in ("dependencies", "range_dependencies", "range_parts", "satisfied_integers"):
        tx.run(f"DELETE FROM {table} WHERE job = ?", job)
