"""Waiting tasks meet free slots: placements are recorded first and started after."""

import sqlite3
from collections.abc import Sequence, Set
from typing import Any, NamedTuple, Self

from shoal.local.scheduler import job_lifecycle, job_node_tasks
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


class FillingJob(NamedTuple):
    """A job, as far as it takes to fill nodes with its tasks."""

    key: int
    most: int | None
    """Its tasks that may run at a time."""
    manager: int | None
    """None where it has no job manager task."""
    has_prepared: int


class WaitingManager(NamedTuple):
    """A job manager task that has no node yet."""

    key: int
    slots: int
    exclusive: int
    dedicated: int


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
    for job in tx.all(
        FillingJob._make,
        "SELECT jobs.key, parallel_limits.tasks, job_managers.job, EXISTS (SELECT 1 FROM job_node_tasks"
        " WHERE job = jobs.key) FROM jobs LEFT JOIN parallel_limits ON parallel_limits.job = jobs.key"
        " LEFT JOIN job_managers ON job_managers.job = jobs.key"
        " WHERE account = ? AND pool_id = ? AND state = ? ORDER BY priority DESC, jobs.key",
        pool.account,
        pool.id,
        JobState.ACTIVE,
    ):
        if not rooms:
            return
        _fill_from(tx, job, pool, rooms)


def _fill_from(tx: Transaction, job: FillingJob, pool: FillingPool, rooms: list[Room]) -> None:
    """Place the next tasks of a job."""
    refused = job_node_tasks.refusing_nodes(tx, job.key) if job.has_prepared else set()
    manager = None if job.manager is None else _place_manager(tx, job.key, pool, rooms, refused)
    room = _room_for(tx, job, rooms)
    # One more than there is room for: the job manager task, which comes first, may be waiting for another node.
    waiting = [task for task in _waiting(tx, job.key, pool, room + (manager is not None)) if task.task != manager]
    if placed := _placed(rooms, waiting[:room], pool, refused):
        _start(tx, Job.get(tx.connection, job.key), placed)


def _place_manager(tx: Transaction, job: int, pool: FillingPool, rooms: list[Room], refused: set[str]) -> int | None:
    """Place a waiting job manager task ahead of the other tasks of its job. Return its key, also where none fits."""
    manager = tx.one(
        WaitingManager._make,
        "SELECT key, slots, exclusive, dedicated FROM job_managers JOIN tasks"
        " ON tasks.job = job_managers.job AND tasks.id = job_managers.task"
        " WHERE job_managers.job = ? AND state = 'active'",
        job,
    )
    if manager is None:
        return None
    # Alone on its node is the same as with all of its slots.
    slots = pool.slots_per_node if manager.exclusive else manager.slots
    spot = {room.node for room in rooms if not room.dedicated} if manager.dedicated else set()
    placed = _placed(rooms, [Waiting(manager.key, slots)], pool, refused | spot)
    _start(tx, Job.get(tx.connection, job), placed, slots=slots)
    return manager.key


def _placed(
    rooms: list[Room], waiting: Sequence[Waiting], pool: FillingPool, refused: Set[str]
) -> list[tuple[int, str]]:
    """Place tasks on nodes that are not refused. Rooms that are full, or held back, leave the list.

    So later jobs get neither the full nodes nor those held back.
    """
    if not refused:
        return placements(rooms, waiting, pool.fill)
    allowed = [room for room in rooms if room.node not in refused]
    placed = placements(allowed, waiting, pool.fill)
    rooms[:] = [*allowed, *(room for room in rooms if room.node in refused)]
    return placed


def _room_for(tx: Transaction, job: FillingJob, rooms: Sequence[Room]) -> int:
    """Return how many tasks of the job there could be room for."""
    free = sum(room.free for room in rooms)
    return free if job.most is None else min(free, max(0, job.most - job_lifecycle.running_tasks(tx, job.key)))


def _rooms(tx: Transaction, pool: FillingPool) -> list[Room]:
    # Allocations, not running tasks: a task that was ended holds its slots until its process is gone.
    rows = tx.connection.execute(
        "SELECT nodes.id, ?1 - ifnull(sum(allocations.slots), 0), nodes.dedicated FROM nodes"
        " LEFT JOIN allocations ON allocations.node = nodes.id"
        " WHERE nodes.pool = ?2 AND nodes.state IN (?3, ?4) AND NOT nodes.draining"
        " AND nodes.key NOT IN (SELECT node FROM unscheduled_nodes) GROUP BY nodes.id",
        (pool.slots_per_node, pool.key, NodeState.IDLE, NodeState.RUNNING),
    )
    return [Room(node, free, bool(dedicated)) for node, free, dedicated in rows if free > 0]


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


def _start(tx: Transaction, job: Job, placed: Sequence[tuple[int, str]], *, slots: int | None = None) -> None:
    """Start tasks on the nodes that they were given, with so many slots each, or with their own."""
    by_node: dict[str, list[dict[str, Any]]] = {}
    job_body = job.body()
    unprepared = _unprepared(tx, job, job_body, {node for _, node in placed})
    for key, node in placed:
        task = _started(tx, key, node, TaskState.PREPARING if node in unprepared else TaskState.RUNNING)
        tx.run("INSERT INTO allocations VALUES (?, ?, ?, ?)", key, task.attempt, node, slots or task.slots)
        assignments = by_node.setdefault(node, [])
        if node not in unprepared:
            assignments.append(assignment(tx, job, job_body, task))
    for node, assignments in by_node.items():
        tx.run(
            "UPDATE nodes SET state = ?, state_time = ? WHERE id = ? AND state = ?",
            NodeState.RUNNING,
            tx.now,
            node,
            NodeState.IDLE,
        )
        if assignments:
            tx.tell(node, {"run": assignments})


def _unprepared(tx: Transaction, job: Job, job_body: dict[str, Any], nodes: set[str]) -> set[str]:
    """Return the nodes on which tasks of the job have to wait for its preparation, which begins where it is due."""
    if "jobPreparationTask" not in job_body:
        return set()
    return {node for node in nodes if not job_node_tasks.prepare(tx, job, job_body, node)}


def _started(tx: Transaction, key: int, node: str, state: TaskState) -> StartedTask:
    """Record that the task runs on the node from now on, or is there and waits for the job's preparation."""
    task = tx.one(
        StartedTask._make,
        "UPDATE tasks SET previous_state = state, previous_state_time = state_time, state = ?1,"
        " state_time = ?2, started = ?2, node = ?3, attempt = attempt + 1"
        " WHERE key = ?4 AND state = ?5 RETURNING key, attempt, id, slots, definition",
        state,
        tx.now,
        node,
        key,
        TaskState.ACTIVE,
    )
    if task is None:
        raise AssertionError(f"task {key} was placed while it was not active")
    return task
