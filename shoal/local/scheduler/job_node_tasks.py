"""Job preparation tasks, which run once a node before the first task of their job there, and job release tasks.

Source: REST reference, JobPreparationTask and JobReleaseTask; "Prepare and clean up jobs". Their runs are assignments
with keys below zero, so that no report of theirs is taken for one of a task.
"""

from collections.abc import Sequence
from enum import Enum
from typing import Any, NamedTuple

import orjson

from shoal.local.scheduler import multi_instance, task_lifecycle
from shoal.local.scheduler.assignments import assignment
from shoal.local.scheduler.loop import Transaction
from shoal.local.scheduler.verdicts import Ending, Verdict, failure_info, verdict
from shoal.local.store.job import Job
from shoal.local.store.job_node_task import JobNodeTask
from shoal.local.store.queries import integer, text
from shoal.local.store.states import (
    JobNodeTaskKind,
    JobNodeTaskState,
    NodeState,
    TaskResult,
    TaskState,
)

JsonObject = dict[str, Any]

RELEASABLE = (NodeState.IDLE, NodeState.RUNNING, NodeState.OFFLINE)
"""States of nodes whose agents can run a job release task."""


class Readiness(Enum):
    """Tells whether tasks of a job may run on a node."""

    READY = "ready"
    PREPARING = "preparing"
    UNPREPARED = "unprepared"
    REFUSED = "refused"


def readiness(preparation: JobNodeTask | None, *, boots: int, definition: JsonObject) -> Readiness:
    """Return how far the preparation of a node is that has started so often.

    After a restart of the node, what had not succeeded runs again, and what had, if the definition says so.
    """
    if preparation is None:
        return Readiness.UNPREPARED
    if preparation.boots != boots:
        succeeded = preparation.result is TaskResult.SUCCESS
        kept = succeeded and not definition["rerunOnNodeRebootAfterSuccess"]
        return Readiness.READY if kept else Readiness.UNPREPARED
    if not definition["waitForSuccess"] or preparation.result is TaskResult.SUCCESS:
        return Readiness.READY
    return Readiness.REFUSED if preparation.result is TaskResult.FAILURE else Readiness.PREPARING


def refusing_nodes(tx: Transaction, job: int) -> set[str]:
    """Return the nodes that take no task of the job because its preparation has failed there."""
    sql = (
        "SELECT nodes.id FROM job_node_tasks JOIN nodes ON nodes.id = job_node_tasks.node"
        " AND nodes.boots = job_node_tasks.boots WHERE job = ? AND kind = ? AND result = ?"
    )
    failed = tx.all(text, sql, job, JobNodeTaskKind.PREPARATION, TaskResult.FAILURE)
    waits = bool(failed) and Job.get(tx.connection, job).body()["jobPreparationTask"]["waitForSuccess"]
    return set(failed) if waits else set()


def prepare(tx: Transaction, job: Job, job_body: JsonObject, node: str) -> bool:
    """Begin the preparation of a node where it is due. Return False where tasks have to wait for it."""
    definition = job_body["jobPreparationTask"]
    boots = tx.one(integer, "SELECT boots FROM nodes WHERE id = ?", node) or 0
    before = JobNodeTask.of_node(tx.connection, job.key, JobNodeTaskKind.PREPARATION, node)
    state = readiness(before, boots=boots, definition=definition)
    if state is Readiness.UNPREPARED:
        _begin(tx, job, job_body, JobNodeTaskKind.PREPARATION, node)
        return not definition["waitForSuccess"]
    return state is Readiness.READY


def _begin(tx: Transaction, job: Job, job_body: JsonObject, kind: JobNodeTaskKind, node: str) -> None:
    # In place of an earlier one: a node that has restarted is prepared again.
    begun = tx.one(
        JobNodeTask.from_row,
        "INSERT INTO job_node_tasks (job, node, pool_id, kind, boots, started)"
        " SELECT ?1, nodes.id, pools.id, ?2, nodes.boots, ?3 FROM nodes JOIN pools ON pools.key = nodes.pool"
        " WHERE nodes.id = ?4 ON CONFLICT DO UPDATE SET boots = excluded.boots, started = excluded.started,"
        " attempt = attempt + 1, state = 'running', ended = NULL, exit_code = NULL, result = NULL, failure = NULL,"
        " retry_count = 0, last_retry = NULL RETURNING *",
        job.key,
        kind,
        tx.now,
        node,
    )
    if begun is not None:
        _run(tx, job, job_body, begun)


class JobNodeRun(NamedTuple):
    """A run of such a task, in the form of which assignments are made."""

    key: int
    attempt: int
    id: str
    definition: bytes


def _run(tx: Transaction, job: Job, job_body: JsonObject, task: JobNodeTask) -> None:
    definition = job_body["jobPreparationTask" if task.kind is JobNodeTaskKind.PREPARATION else "jobReleaseTask"]
    # A release task has its time limit beside the rest, not among constraints.
    constraints = definition.get("constraints") or {"maxWallClockTime": definition["maxWallClockTime"]}
    run = JobNodeRun(
        -task.key, task.attempt, definition["id"], orjson.dumps({**definition, "constraints": constraints})
    )
    tx.tell(task.node, {"run": [assignment(tx, job, job_body, run)]})


def on_ended(tx: Transaction, endings: Sequence[tuple[int, int, Ending]]) -> None:
    """Apply the ends of runs: (key of the assignment, attempt, ending). Ends of earlier attempts change nothing."""
    for key, attempt, ending in endings:
        task = tx.one(
            JobNodeTask.from_row,
            "SELECT * FROM job_node_tasks WHERE key = ? AND attempt = ? AND state = ?",
            -key,
            attempt,
            JobNodeTaskState.RUNNING,
        )
        if task is not None:
            _conclude(tx, Job.get(tx.connection, task.job), task, ending)


def _conclude(tx: Transaction, job: Job, task: JobNodeTask, ending: Ending) -> None:
    body = job.body()
    preparation = task.kind is JobNodeTaskKind.PREPARATION
    retries = body["jobPreparationTask"]["constraints"]["maxTaskRetryCount"] if preparation else 0
    decision = verdict(ending, retry_count=task.retry_count, max_retries=retries)
    if decision is Verdict.RETRY:
        _retry(tx, job, body, task)
        return
    _complete(tx, task, ending, None if decision is Verdict.SUCCESS else failure_info(ending))
    if preparation:
        _go_on(tx, job, body, task.node, prepared=decision is Verdict.SUCCESS)


def _retry(tx: Transaction, job: Job, job_body: JsonObject, task: JobNodeTask) -> None:
    again = tx.one(
        JobNodeTask.from_row,
        "UPDATE job_node_tasks SET attempt = attempt + 1, retry_count = retry_count + 1, last_retry = ?1, started = ?1"
        " WHERE key = ?2 RETURNING *",
        tx.now,
        task.key,
    )
    if again is not None:
        _run(tx, job, job_body, again)


def _complete(tx: Transaction, task: JobNodeTask, ending: Ending, failure: JsonObject | None) -> None:
    tx.run(
        "UPDATE job_node_tasks SET state = ?, ended = ?, exit_code = ?, result = ?, failure = ? WHERE key = ?",
        JobNodeTaskState.COMPLETED,
        ending.ended,
        ending.exit_code,
        TaskResult.SUCCESS if failure is None else TaskResult.FAILURE,
        None if failure is None else orjson.dumps(failure),
        task.key,
    )


class Prepared(NamedTuple):
    """A task that has waited on a node for the preparation."""

    key: int
    attempt: int
    id: str
    definition: bytes
    node: str
    requeue_count: int
    state: str
    has_instances: int


def _go_on(tx: Transaction, job: Job, job_body: JsonObject, node: str, *, prepared: bool) -> None:
    """Start the tasks that have waited on the node, or let other nodes have them."""
    sql = (
        "SELECT key, tasks.attempt, id, definition, tasks.node, requeue_count, tasks.state,"
        " number IS NOT NULL FROM tasks LEFT JOIN subtasks ON task = key WHERE job = ? AND tasks.state = ?"
        " AND ifnull(subtasks.node, tasks.node) = ?"
    )
    waiting = tx.all(Prepared._make, sql, job.key, TaskState.PREPARING, node)
    if not prepared:
        for task in waiting:
            _leave(tx, task)
        return
    for task in waiting:
        # A multi-instance task waits for all of its nodes.
        if not task.has_instances:
            _move(tx, task.key, TaskState.RUNNING, "started = ?2")
        elif multi_instance.on_prepared(tx, task.key, node):
            _move(tx, task.key, TaskState.RUNNING, "started = ?2")
            multi_instance.start(tx, job, job_body, task)
    if runs := [assignment(tx, job, job_body, task) for task in waiting if not task.has_instances]:
        tx.tell(node, {"run": runs})


def _leave(tx: Transaction, task: Prepared) -> None:
    """Let a task that has waited for the preparation wait for other nodes."""
    _move(tx, task.key, TaskState.ACTIVE, "node = NULL")
    running = task_lifecycle.Running(task.key, task.attempt, task.node, task.requeue_count, task.state)
    task_lifecycle.leave_nodes(tx, running)


def _move(tx: Transaction, key: int, state: TaskState, change: str) -> None:
    tx.run(
        "UPDATE tasks SET previous_state = state, previous_state_time = state_time, state = ?1, state_time = ?2,"
        f" {change} WHERE key = ?3",
        state,
        tx.now,
        key,
    )


def has_prepared(tx: Transaction, job: int) -> bool:
    """Return True where any node has begun to be prepared for the job."""
    return tx.exists("SELECT 1 FROM job_node_tasks WHERE job = ?", job)


def begin_release(tx: Transaction, key: int) -> None:
    """End what still prepares, and run the job release task on each such node that is there, once."""
    job = Job.get(tx.connection, key)
    body = job.body()
    released = {task.node for task in JobNodeTask.of_job(tx.connection, key, JobNodeTaskKind.RELEASE)}
    for task in JobNodeTask.of_job(tx.connection, key, JobNodeTaskKind.PREPARATION):
        if task.state is JobNodeTaskState.RUNNING:
            tx.tell(task.node, {"kill": [[-task.key, task.attempt]]})
        if "jobReleaseTask" in body and task.node not in released and _can_release(tx, task.node):
            _begin(tx, job, body, JobNodeTaskKind.RELEASE, task.node)


def _can_release(tx: Transaction, node: str) -> bool:
    return tx.exists("SELECT 1 FROM nodes WHERE id = ? AND state IN (?, ?, ?)", node, *RELEASABLE)


def is_releasing(tx: Transaction, job: int) -> bool:
    """Return True where the job release task runs on a node that has not been lost since."""
    return tx.exists(
        "SELECT 1 FROM job_node_tasks JOIN nodes ON nodes.id = job_node_tasks.node"
        " AND nodes.boots = job_node_tasks.boots"
        " WHERE job = ? AND kind = ? AND job_node_tasks.state = ? AND nodes.state IN (?, ?, ?)",
        job,
        JobNodeTaskKind.RELEASE,
        JobNodeTaskState.RUNNING,
        *RELEASABLE,
    )
