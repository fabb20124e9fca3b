"""Waiting tasks meet free slots: placements are recorded first and started after."""

import sqlite3
from collections.abc import Sequence, Set
from typing import Any, NamedTuple, Self

from shoal.local.scheduler import job_lifecycle, job_node_tasks
from shoal.local.scheduler.assignments import assignment
from shoal.local.scheduler.loop import Transaction
from shoal.local.scheduler.placement import Room, Waiting, placements
from shoal.local.store.job import Job
from shoal.local.store.queries import integer
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


class JobRules(NamedTuple):
    """Rules of a job that few jobs have; each is None where the job does not have it."""

    most: int | None
    """Its tasks that may run at a time."""
    managed: int | None
    """It has a job manager task."""
    prepared: int | None
    """A node has begun to be prepared for it."""


RULES = """
    SELECT
        (SELECT tasks FROM parallel_limits WHERE job = ?1),
        (SELECT 1 FROM job_managers WHERE job = ?1),
        (SELECT 1 FROM job_node_tasks WHERE job = ?1 LIMIT 1)
"""


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
        integer,
        "SELECT key FROM jobs WHERE account = ? AND pool_id = ? AND state = ? ORDER BY priority DESC, key",
        pool.account,
        pool.id,
        JobState.ACTIVE,
    ):
        if not rooms:
            return
        # As many as there could be room for. Before the rules are read: most jobs have nothing waiting.
        if waiting := _waiting(tx, job, pool, sum(room.free for room in rooms)):
            _fill_from(tx, job, pool, rooms, waiting)


def _fill_from(tx: Transaction, job: int, pool: FillingPool, rooms: list[Room], waiting: Sequence[Waiting]) -> None:
    """Place the next tasks of a job, as its rules allow."""
    rules = tx.one(JobRules._make, RULES, job)
    refused: set[str] = set()
    if rules is not None and any(rule is not None for rule in rules):
        waiting, refused = _by_rules(tx, job, rules, pool, rooms)
    # `placements` shortens `rooms`: later jobs get neither the full nodes nor those held back.
    if placed := _placed(rooms, waiting, pool, refused):
        _start(tx, Job.get(tx.connection, job), placed)


def _by_rules(
    tx: Transaction, job: int, rules: JobRules, pool: FillingPool, rooms: list[Room]
) -> tuple[list[Waiting], set[str]]:
    """Place the job manager task. Return the other tasks that may follow, and the nodes that take none of them."""
    refused = set() if rules.prepared is None else job_node_tasks.refusing_nodes(tx, job)
    manager = None if rules.managed is None else _place_manager(tx, job, pool, rooms, refused)
    room = sum(room.free for room in rooms)
    if rules.most is not None:
        room = min(room, max(0, rules.most - job_lifecycle.running_tasks(tx, job)))
    # One more than there is room for: the job manager task, which comes first, may be waiting for another node.
    others = [task for task in _waiting(tx, job, pool, room + (manager is not None)) if task.task != manager]
    return others[:room], refused


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
