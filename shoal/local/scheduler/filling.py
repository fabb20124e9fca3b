"""Waiting tasks meet free slots: placements are recorded first and started after."""

import sqlite3
from collections.abc import Sequence
from typing import Any, NamedTuple, Self

from shoal.local.scheduler import job_lifecycle
from shoal.local.scheduler.assignments import assignment
from shoal.local.scheduler.loop import Transaction
from shoal.local.scheduler.placement import Room, Waiting, placements
from shoal.local.store.job import Job
from shoal.local.store.states import JobState, NodeFillType, NodeState, PoolState, TaskState


class FillingPool(NamedTuple):
    """A pool, as far as it takes to fill its nodes."""

    key: int
    account: str
    id: str
    slots_per_node: int
    fill: NodeFillType

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> Self:
        key, account, pool_id, slots_per_node, fill = row
        return cls(key, account, pool_id, slots_per_node, NodeFillType(fill))


class StartedTask(NamedTuple):
    """A task that has just been placed."""

    key: int
    attempt: int
    id: str
    slots: int
    definition: bytes


def fill_pool(tx: Transaction, pool_key: int) -> None:
    """Place waiting tasks on the free slots of a pool, jobs of higher priority first, then older ones."""
    sql = "SELECT key, account, id, slots_per_node, fill FROM pools WHERE key = ? AND state = ?"
    pool = tx.one(FillingPool.from_row, sql, pool_key, PoolState.ACTIVE)
    if pool is None:
        return
    rooms = _rooms(tx, pool)
    for job, most in tx.all(
        tuple,
        "SELECT key, parallel_limits.tasks FROM jobs LEFT JOIN parallel_limits ON parallel_limits.job = jobs.key"
        " WHERE account = ? AND pool_id = ? AND state = ? ORDER BY priority DESC, key",
        pool.account,
        pool.id,
        JobState.ACTIVE,
    ):
        if not rooms:
            return
        # `placements` shortens `rooms`: later jobs get neither the full nodes nor those held back.
        if placed := placements(rooms, _waiting(tx, job, pool, _free_for(tx, job, most, rooms)), pool.fill):
            _start(tx, Job.get(tx.connection, job), placed)


def _free_for(tx: Transaction, job: int, most: int | None, rooms: Sequence[Room]) -> int:
    """Return how many tasks of the job there could be room for; `most` of them may run at a time."""
    free = sum(room.free for room in rooms)
    return free if most is None else min(free, max(0, most - job_lifecycle.running_tasks(tx, job)))


def _rooms(tx: Transaction, pool: FillingPool) -> list[Room]:
    # Allocations, not running tasks: a task that was ended holds its slots until its process is gone.
    rows = tx.connection.execute(
        "SELECT nodes.id, ?1 - ifnull(sum(allocations.slots), 0) FROM nodes"
        " LEFT JOIN allocations ON allocations.node = nodes.id"
        " WHERE nodes.pool = ?2 AND nodes.state IN (?3, ?4) AND NOT nodes.draining GROUP BY nodes.id",
        (pool.slots_per_node, pool.key, NodeState.IDLE, NodeState.RUNNING),
    )
    return [Room(node, free) for node, free in rows if free > 0]


def _waiting(tx: Transaction, job: int, pool: FillingPool, most: int) -> list[Waiting]:
    """Return up to so many of the job's next tasks."""
    return tx.all(
        Waiting._make,
        # The state is written out: SQLite takes the index `tasks_ready` only where it sees the index's own condition.
        # A task larger than any node is left out: `placements` would hold back a node for it for ever.
        # Keys order by age, and a task that waits again keeps its place.
        "SELECT key, slots FROM tasks"
        " WHERE job = ? AND state = 'active' AND blockers = 0 AND slots <= ? ORDER BY key LIMIT ?",
        job,
        pool.slots_per_node,
        most,
    )


def _start(tx: Transaction, job: Job, placed: Sequence[tuple[int, str]]) -> None:
    by_node: dict[str, list[dict[str, Any]]] = {}
    job_body = job.body()
    for key, node in placed:
        task = _started(tx, key, node)
        tx.run("INSERT INTO allocations VALUES (?, ?, ?, ?)", key, task.attempt, node, task.slots)
        by_node.setdefault(node, []).append(assignment(tx, job, job_body, task))
    for node, assignments in by_node.items():
        tx.run(
            "UPDATE nodes SET state = ?, state_time = ? WHERE id = ? AND state = ?",
            NodeState.RUNNING,
            tx.now,
            node,
            NodeState.IDLE,
        )
        tx.tell(node, {"run": assignments})


def _started(tx: Transaction, key: int, node: str) -> StartedTask:
    """Record that the task runs on the node from now on."""
    task = tx.one(
        StartedTask._make,
        "UPDATE tasks SET previous_state = state, previous_state_time = state_time, state = ?1,"
        " state_time = ?2, started = ?2, node = ?3, attempt = attempt + 1"
        " WHERE key = ?4 AND state = ?5 RETURNING key, attempt, id, slots, definition",
        TaskState.RUNNING,
        tx.now,
        node,
        key,
        TaskState.ACTIVE,
    )
    if task is None:
        raise AssertionError(f"task {key} was placed while it was not active")
    return task
