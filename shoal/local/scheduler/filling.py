"""Waiting tasks meet free slots: placements are recorded first and started after."""

import sqlite3
from collections.abc import Sequence, Set
from typing import Any, NamedTuple, Self

import orjson

from shoal.local.scheduler import job_lifecycle, job_node_tasks, multi_instance, preemption, task_lifecycle
from shoal.local.scheduler.assignments import assignment
from shoal.local.scheduler.loop import Transaction
from shoal.local.scheduler.placement import Room, Waiting, placements
from shoal.local.store.job import Job
from shoal.local.store.queries import text
from shoal.local.store.states import AllocationState, NodeFillType, NodeState, PoolState, TaskState

MOST_STARTS = 200
"""Tasks that are placed in one transaction: a large pool that is empty would keep requests waiting."""


class FillingPool(NamedTuple):
    """A pool, as far as it takes to fill its nodes and to let its states follow."""

    key: int
    account: str
    id: str
    slots_per_node: int
    fill: NodeFillType
    state: PoolState
    allocation_state: AllocationState

    @classmethod
    def find(cls, tx: Transaction, key: int) -> Self | None:
        sql = "SELECT key, account, id, slots_per_node, fill, state, allocation_state FROM pools WHERE key = ?"
        return tx.one(cls.from_row, sql, key)

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> Self:
        key, account, pool_id, slots_per_node, fill, state, allocation_state = row
        return cls(
            key,
            account,
            pool_id,
            slots_per_node,
            NodeFillType(fill),
            PoolState(state),
            AllocationState(allocation_state),
        )


class WaitingJob(NamedTuple):
    """A job with tasks that could be placed. Few jobs have the last four; each is None where the job does not."""

    urgency: int
    key: int
    account: str
    id: str
    definition: bytes
    most: int | None
    """Its tasks that may run at a time."""
    managed: int | None
    """It has a job manager task."""
    prepared: int | None
    """A node has begun to be prepared for it."""
    multi_instance: int | None
    """It has multi-instance tasks."""

    @property
    def has_rules(self) -> bool:
        return any(rule is not None for rule in (self.most, self.managed, self.prepared, self.multi_instance))


FIRST = (-(1 << 62), 0)
"""A place in the queue of a pool's jobs before that of any job: urgency and key."""
NEXT_JOB = """
    SELECT urgency, jobs.key, jobs.account, jobs.id, jobs.definition,
        (SELECT tasks FROM parallel_limits WHERE parallel_limits.job = jobs.key),
        (SELECT 1 FROM job_managers WHERE job_managers.job = jobs.key),
        (SELECT 1 FROM job_node_tasks WHERE job_node_tasks.job = jobs.key LIMIT 1),
        (SELECT 1 FROM multi_instance_tasks WHERE multi_instance_tasks.job = jobs.key LIMIT 1)
    FROM waiting_jobs JOIN jobs ON jobs.key = waiting_jobs.job
    WHERE waiting_jobs.account = ? AND waiting_jobs.pool_id = ? AND (urgency, job) > (?, ?)
    ORDER BY urgency, job LIMIT 1
"""


MANAGING_NODE = """
    SELECT node FROM job_managers JOIN tasks ON tasks.job = job_managers.job AND tasks.id = job_managers.task
    WHERE job_managers.job = ? AND state IN ('preparing', 'running')
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


def fill_pool(tx: Transaction, pool: FillingPool) -> None:
    """Place waiting tasks on the free slots of a pool, jobs of higher priority first, then older ones."""
    rooms = _rooms(tx, pool)
    place, left = FIRST, MOST_STARTS
    # One job at a time, and only jobs with waiting tasks: the first of them usually fills all rooms.
    while rooms and left > 0 and (job := tx.one(WaitingJob._make, NEXT_JOB, pool.account, pool.id, *place)) is not None:
        place = (job.urgency, job.key)
        left -= _fill_from(tx, job, pool, rooms, most=left)
    if left <= 0:
        tx.pools_to_fill_next.add(pool.key)
        return
    lowest = preemption.lowest_priority(tx, pool.account, pool.id)
    if lowest is not None:
        _preempt(tx, pool, lowest)


def _preempt(tx: Transaction, pool: FillingPool, lowest: int) -> None:
    """Let running tasks wait again for tasks of higher priority, which get their slots once these are free."""
    nodes = preemption.occupied_nodes(tx, pool.key, pool.slots_per_node)
    demands: list[preemption.Demand] = []
    place = FIRST
    while (job := tx.one(WaitingJob._make, NEXT_JOB, pool.account, pool.id, *place)) is not None:
        room = len(nodes) * pool.slots_per_node - len(demands)
        if -job.urgency <= lowest or room <= 0:
            break
        place = (job.urgency, job.key)
        demands += _demands(tx, job, pool, room)
    for task in preemption.preemptions(nodes, demands):
        task_lifecycle.requeue(tx, task)


def _demands(tx: Transaction, job: WaitingJob, pool: FillingPool, room: int) -> list[preemption.Demand]:
    """Return the waiting tasks of a job that its rules let run, but for its manager, which has rules of its own."""
    refused = frozenset() if job.prepared is None else frozenset(job_node_tasks.refusing_nodes(tx, job.key))
    manager = None if job.managed is None else _waiting_manager(tx, job)
    if job.most is not None:
        room = min(room, max(0, job.most - job_lifecycle.running_tasks(tx, job.key)))
    waiting = _next_tasks(tx, job, pool, room, refused)
    return [
        preemption.Demand(task.slots, -job.urgency, refused)
        for task in waiting
        if manager is None or task.task != manager.key
        for _ in range(task.instances)
    ]


def _fill_from(tx: Transaction, job: WaitingJob, pool: FillingPool, rooms: list[Room], *, most: int) -> int:
    """Place up to so many of the next tasks of a job, as its rules allow. Return how many were placed."""
    refused: set[str] = set()
    if job.has_rules:
        waiting, refused = _by_rules(tx, job, pool, rooms)
    else:
        # As many as there could be room for.
        waiting = _waiting(tx, job.key, pool, sum(room.free for room in rooms))
    # `placements` shortens `rooms`: later jobs get neither the full nodes nor those held back.
    placed = _placed(rooms, waiting, pool, refused, most=most)
    if job.multi_instance is not None:
        placed = _start_instances(tx, job, placed)
    if placed:
        _start(tx, job, placed)
    return len(placed)


def _by_rules(tx: Transaction, job: WaitingJob, pool: FillingPool, rooms: list[Room]) -> tuple[list[Waiting], set[str]]:
    """Place the job manager task. Return the other tasks that may follow, and the nodes that take none of them."""
    refused = set() if job.prepared is None else job_node_tasks.refusing_nodes(tx, job.key)
    manager = None if job.managed is None else _place_manager(tx, job, pool, rooms, refused)
    room = sum(room.free for room in rooms)
    if job.most is not None:
        room = min(room, max(0, job.most - job_lifecycle.running_tasks(tx, job.key)))
    # One more than there is room for: the job manager task, which comes first, may be waiting for another node.
    next_tasks = _next_tasks(tx, job, pool, room + (manager is not None), refused)
    others = [task for task in next_tasks if task.task != manager]
    return others[:room], refused


def _place_manager(
    tx: Transaction, job: WaitingJob, pool: FillingPool, rooms: list[Room], refused: set[str]
) -> int | None:
    """Place a waiting job manager task ahead of the other tasks of its job. Return its key, also where none fits."""
    manager = _waiting_manager(tx, job)
    if manager is None:
        return None
    # Alone on its node is the same as with all of its slots.
    slots = pool.slots_per_node if manager.exclusive else manager.slots
    spot = {room.node for room in rooms if not room.dedicated} if manager.dedicated else set()
    placed = _placed(rooms, [Waiting(manager.key, slots)], pool, refused | spot)
    _start(tx, job, placed, slots=slots)
    return manager.key


def _waiting_manager(tx: Transaction, job: WaitingJob) -> WaitingManager | None:
    return tx.one(
        WaitingManager._make,
        "SELECT key, slots, exclusive, dedicated FROM job_managers JOIN tasks"
        " ON tasks.job = job_managers.job AND tasks.id = job_managers.task"
        " WHERE job_managers.job = ? AND state = 'active'",
        job.key,
    )


def _placed(
    rooms: list[Room],
    waiting: Sequence[Waiting],
    pool: FillingPool,
    refused: Set[str],
    *,
    most: int = MOST_STARTS,
) -> list[tuple[int, str]]:
    """Place tasks on nodes that are not refused. Rooms that are full, or held back, leave the list.

    So later jobs get neither the full nodes nor those held back.
    """
    if not refused:
        return placements(rooms, waiting, pool.fill, most=most)
    allowed = [room for room in rooms if room.node not in refused]
    placed = placements(allowed, waiting, pool.fill, most=most)
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
        "SELECT key, slots, 1 FROM tasks"
        " WHERE job = ? AND state = 'active' AND blockers = 0 AND slots <= ? ORDER BY key LIMIT ?",
        job,
        pool.slots_per_node,
        most,
    )


def _next_tasks(tx: Transaction, job: WaitingJob, pool: FillingPool, most: int, refused: Set[str]) -> list[Waiting]:
    """Return up to so many of the next tasks of a job that has rules."""
    if job.multi_instance is None:
        return _waiting(tx, job.key, pool, most)
    # The job manager task may wait for the tasks that it has added, and so keep its node until they have run.
    managing = set() if job.managed is None else set(tx.all(text, MANAGING_NODE, job.key))
    nodes = multi_instance.obtainable_nodes(tx, pool.key, pool.slots_per_node, refused | managing)
    return tx.all(
        Waiting._make,
        # As above; a task with instances for which there are too few nodes would hold back those that there are. It is
        # left out as well while anything of its earlier run is there.
        "SELECT key, slots, ifnull(instances, 1) FROM tasks LEFT JOIN multi_instance_tasks ON task = key"
        " WHERE tasks.job = ?1 AND state = 'active' AND blockers = 0 AND slots <= ?2 AND (instances IS NULL OR"
        " instances <= ?3 AND NOT EXISTS (SELECT 1 FROM allocations WHERE allocations.task = key))"
        " ORDER BY key LIMIT ?4",
        job.key,
        pool.slots_per_node,
        nodes,
        most,
    )


def _start(tx: Transaction, job: WaitingJob, placed: Sequence[tuple[int, str]], *, slots: int | None = None) -> None:
    """Start tasks on the nodes that they were given, with so many slots each, or with their own."""
    by_node: dict[str, list[dict[str, Any]]] = {}
    job_body = orjson.loads(job.definition)
    unprepared = _unprepared(tx, job.key, job_body, {node for _, node in placed})
    for key, node in placed:
        task = _started(tx, key, node, TaskState.PREPARING if node in unprepared else TaskState.RUNNING)
        tx.run("INSERT INTO allocations VALUES (?, ?, ?, ?)", key, task.attempt, node, slots or task.slots)
        assignments = by_node.setdefault(node, [])
        if node not in unprepared:
            assignments.append(assignment(tx, job, job_body, task))
    for node, assignments in by_node.items():
        if assignments:
            tx.tell(node, {"run": assignments})


def _start_instances(tx: Transaction, job: WaitingJob, placed: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
    """Start the multi-instance tasks among those placed. Return the others."""
    by_task: dict[int, list[str]] = {}
    for key, node in placed:
        by_task.setdefault(key, []).append(node)
    together = {key for key in by_task if multi_instance.is_one(tx, key)}
    job_body = orjson.loads(job.definition)
    # In the order of the queue.
    for key, nodes in by_task.items():
        if key in together:
            _start_together(tx, job, job_body, key, nodes)
    return [(key, node) for key, node in placed if key not in together]


def _start_together(tx: Transaction, job: WaitingJob, job_body: dict[str, Any], key: int, nodes: list[str]) -> None:
    """Start a task on all of these nodes, or let it wait there until the job's preparation has ended on each."""
    unprepared = _unprepared(tx, job.key, job_body, set(nodes))
    task = _started(tx, key, nodes[0], TaskState.PREPARING if unprepared else TaskState.RUNNING)
    for node in nodes:
        tx.run("INSERT INTO allocations VALUES (?, ?, ?, ?)", key, task.attempt, node, task.slots)
    multi_instance.begin(tx, task, nodes, unprepared)
    if not unprepared:
        multi_instance.start(tx, job, job_body, task)


def _unprepared(tx: Transaction, job_key: int, job_body: dict[str, Any], nodes: set[str]) -> set[str]:
    """Return the nodes on which tasks of the job have to wait for its preparation, which begins where it is due."""
    if "jobPreparationTask" not in job_body:
        return set()
    job = Job.get(tx.connection, job_key)
    return {node for node in nodes if not job_node_tasks.prepare(tx, job, job_body, node)}


def _started(tx: Transaction, key: int, node: str, state: TaskState) -> StartedTask:
    """Record that the task runs on the node from now on, or is there and waits for the job's preparation."""
    task = tx.one(
        StartedTask._make,
        "UPDATE tasks SET previous_state = state, previous_state_time = state_time, state = ?1,"
        " state_time = ?2, started = ?2, node = ?3, attempt = attempt + 1"
        # Written out, as above: a bound one would be prepared anew for each task.
        " WHERE key = ?4 AND state = 'active' RETURNING key, attempt, id, slots, definition",
        state,
        tx.now,
        node,
        key,
    )
    if task is None:
        raise AssertionError(f"task {key} was placed while it was not active")
    return task
