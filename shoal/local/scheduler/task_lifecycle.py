"""A task's life but for its runs: added, ended by request, requeued, reactivated, deleted."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import orjson

from shoal.local import errors
from shoal.local.scheduler import dependencies, multi_instance
from shoal.local.scheduler.assignments import seconds
from shoal.local.scheduler.loop import Transaction
from shoal.local.scheduler.verdicts import Ending, task_ended_failure
from shoal.local.store.job import Job
from shoal.local.store.queries import integer, text
from shoal.local.store.states import TaskResult, TaskState
from shoal.local.store.task import Task

ON_NODE = (TaskState.PREPARING, TaskState.RUNNING)
"""States of a task that holds slots of a node."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDefinition:
    """A task as it was requested, with Batch's defaults filled in."""

    id: str
    body: dict[str, Any]
    slots: int
    max_retries: int | None
    """None inherits the job's."""


class Running(NamedTuple):
    """A task on a node, running or still preparing, as far as it takes to end it."""

    key: int
    attempt: int
    node: str
    requeue_count: int
    state: str


def add(tx: Transaction, job: Job, definitions: Sequence[TaskDefinition]) -> list[errors.BatchError | None]:
    """Add tasks to an active job; return for each None, or the reason why it was not added."""
    keys = _insert(tx, job, definitions)
    touch_pool(tx, job.account, job.pool_id)
    # An id that comes twice is added once, for the first of its tasks.
    return [_settle(tx, job, definition, keys.pop(definition.id, None)) for definition in definitions]


def _insert(tx: Transaction, job: Job, definitions: Sequence[TaskDefinition]) -> dict[str, int]:
    """Insert the tasks whose ids are free, and return their keys by their ids."""
    if not definitions:
        return {}
    values: list[object] = [job.key, tx.now]
    for definition in definitions:
        max_retries = job.max_retries if definition.max_retries is None else definition.max_retries
        values += (definition.id, orjson.dumps(definition.body), definition.slots, max_retries)
    return dict(tx.all(tuple, _insertion(len(definitions)), *values))


@cache
def _insertion(tasks: int) -> str:
    """Return one statement for so many tasks: SQLite runs it twice as fast as one for each."""
    rows = ", ".join(["(?1, ?2, ?2, ?2, 0, ?, ?, ?, ?)"] * tasks)
    return (
        "INSERT INTO tasks (job, state_time, created, last_modified, blockers, id, definition, slots, max_retries)"
        f" VALUES {rows} ON CONFLICT (job, id) DO NOTHING RETURNING id, key"
    )


def _settle(tx: Transaction, job: Job, definition: TaskDefinition, key: int | None) -> errors.BatchError | None:
    """Record what the task needs beside its row, which has this key; return the reason where there is none."""
    if key is None:
        return errors.already_exists("Task")
    if settings := definition.body.get(multi_instance.SETTINGS):
        multi_instance.add(tx, key, job.key, settings)
    # After the INSERT, whose key the dependencies refer to; nothing places the task in between.
    if depends_on := definition.body.get("dependsOn"):
        blockers = dependencies.count_blockers(tx, job=job.key, child=key, depends_on=depends_on)
        tx.run("UPDATE tasks SET blockers = ? WHERE key = ?", blockers, key)
    return None


def complete(
    tx: Transaction, key: int, ending: Ending, failure: dict[str, Any] | None, *, satisfied: bool = False
) -> None:
    """Complete a task, with success where `failure` is None; a completed task stays as it is.

    `satisfied` records that its dependents may run, which `dependencies.satisfy` lets them.
    """
    # `last_modified` stays: as in Azure, a change of state leaves the ETag alone.
    tx.run(
        "UPDATE tasks SET previous_state = state, previous_state_time = state_time, state = ?1,"
        " state_time = ?2, ended = ?3, exit_code = ?4, result = ?5, failure = ?6, satisfied = satisfied OR ?8"
        " WHERE key = ?7 AND state != ?1",
        TaskState.COMPLETED,
        tx.now,
        ending.ended,
        ending.exit_code,
        TaskResult.SUCCESS if failure is None else TaskResult.FAILURE,
        None if failure is None else orjson.dumps(failure),
        key,
        satisfied,
    )


def end_running(tx: Transaction, task: Running, message: str) -> None:
    """Complete a running task as a failure and kill its process. Its slots are free when its node reports the end."""
    kill(tx, task)
    complete(tx, task.key, Ending(ended=tx.now), task_ended_failure(message))


def kill(tx: Transaction, task: Running) -> None:
    if task.state == TaskState.PREPARING:
        # Its nodes do not know it yet.
        leave_nodes(tx, task)
    else:
        kill_processes(tx, task.key, task.attempt)


def kill_processes(tx: Transaction, key: int, attempt: int) -> None:
    """Kill what is left of a run, on every node that it occupies: several for a multi-instance task."""
    for node in tx.all(text, "SELECT node FROM allocations WHERE task = ? AND attempt = ?", key, attempt):
        tx.tell(node, {"kill": [[key, attempt]]})


def leave_nodes(tx: Transaction, task: Running) -> None:
    """Free the slots of a task without a process."""
    _free(tx, task.key, task.attempt)
    tx.pools_to_fill.update(tx.all(integer, "SELECT pool FROM nodes WHERE id = ?", task.node))


def _free(tx: Transaction, key: int, attempt: int) -> None:
    tx.run("DELETE FROM allocations WHERE task = ? AND attempt = ?", key, attempt)
    # None of its instances has run.
    tx.run("DELETE FROM subtasks WHERE task = ? AND attempt = ?", key, attempt)


def terminate(tx: Transaction, task: Task) -> None:
    if task.state is TaskState.COMPLETED:
        raise errors.conflict("TaskCompleted", "The specified task is already in a completed state.")
    if (running := _running(task)) is not None:
        kill(tx, running)
    complete(tx, task.key, Ending(ended=tx.now), task_ended_failure("The task was ended by user request"))


def _running(task: Task) -> Running | None:
    if task.state not in ON_NODE or task.node is None:
        return None
    return Running(task.key, task.attempt, task.node, task.requeue_count, task.state)


def constrain(tx: Transaction, job: Job, task: Task, constraints: dict[str, Any]) -> None:
    """Replace the constraints of a task that has not completed; a run that goes on keeps its time limit.

    Source: REST reference, Tasks - Update: without `maxTaskRetryCount` the job's holds again.
    """
    if task.state is TaskState.COMPLETED:
        raise errors.conflict("TaskCompleted", "The specified task is already in a completed state.")
    tx.run(
        "UPDATE tasks SET definition = ?, max_retries = ?, last_modified = ? WHERE key = ?",
        orjson.dumps(task.body() | {"constraints": constraints}),
        constraints.get("maxTaskRetryCount", job.max_retries),
        tx.now,
        task.key,
    )
    if (running := _running(task)) is not None and task.state is TaskState.RUNNING:
        tx.tell(running.node, {"retain": [task.key, task.attempt, seconds(constraints["retentionTime"])]})


def reactivate(tx: Transaction, job: Job, task: Task) -> None:
    """Let a failed task of an active job run again, with all of its retries.

    Source: REST reference, Reactivate Task. It takes the exit code 0 for success, so a task whose outputs could not be
    uploaded is refused, too.
    """
    if task.state is not TaskState.COMPLETED:
        raise errors.conflict("TaskNotCompleted", "The specified task is not in a completed state.")
    if task.exit_code == 0:
        raise errors.conflict("TaskSucceeded", "The specified task has completed successfully.")
    tx.run(
        "UPDATE tasks SET previous_state = state, previous_state_time = state_time, state = ?1, state_time = ?2,"
        # `attempt` counts on: reports of the earlier attempts stay stale.
        " retry_count = 0, last_retry = NULL, exit_code = NULL, result = NULL, failure = NULL, ended = NULL"
        " WHERE key = ?3 AND state = ?4",
        TaskState.ACTIVE,
        tx.now,
        task.key,
        TaskState.COMPLETED,
    )
    touch_pool(tx, job.account, job.pool_id)


def delete(tx: Transaction, job: Job, task: Task) -> None:
    if (running := _running(task)) is not None:
        kill(tx, running)
    dependencies.forget_child(tx, task.key)
    nodes = multi_instance.delete(tx, task.key)
    if task.node is not None:
        nodes.add(task.node)
    tx.run("DELETE FROM tasks WHERE key = ?", task.key)
    for node in sorted(nodes):
        tx.tell(node, {"forget": [job.id, task.id]})


def requeue(tx: Transaction, task: Running) -> None:
    """Kill a running task and let it wait again. Its slots are free when its node reports the end."""
    kill(tx, task)
    tx.run(
        "UPDATE tasks SET previous_state = state, previous_state_time = state_time, state = ?1, state_time = ?2,"
        " requeue_count = requeue_count + 1, last_requeue = ?2 WHERE key = ?3 AND attempt = ?4 AND state IN (?5, ?6)",
        TaskState.ACTIVE,
        tx.now,
        task.key,
        task.attempt,
        *ON_NODE,
    )


def requeue_from(tx: Transaction, node: str) -> None:
    """Let the tasks of a node that is gone or going wait again, for any node, without spending a retry.

    Every such loss counts in `requeueCount`; Azure documents the count for requeues by request only. A multi-instance
    task leaves its other nodes as well.
    """
    elsewhere = multi_instance.on_other_nodes(tx, node)
    tx.run(
        "UPDATE tasks SET previous_state = state, previous_state_time = state_time, state = ?1, state_time = ?2,"
        " requeue_count = requeue_count + 1, last_requeue = ?2"
        # With the attempt: the process of an earlier one may still hold slots here while the task runs elsewhere.
        " WHERE state IN (?3, ?4) AND (key, attempt) IN (SELECT task, attempt FROM allocations WHERE node = ?5)",
        TaskState.ACTIVE,
        tx.now,
        *ON_NODE,
        node,
    )
    tx.run("DELETE FROM allocations WHERE node = ?", node)
    multi_instance.lose_instances(tx, node)
    for instance in elsewhere:
        if instance.state == TaskState.PREPARING:
            _free(tx, instance.key, instance.attempt)
        else:
            tx.tell(instance.node, {"kill": [[instance.key, instance.attempt]]})


def touch_pool(tx: Transaction, account: str, pool_id: str) -> None:
    """Let the pool, where there is one, look for tasks to place."""
    pool = tx.one(integer, "SELECT key FROM pools WHERE account = ? AND id = ?", account, pool_id)
    if pool is not None:
        tx.pools_to_fill.add(pool)
