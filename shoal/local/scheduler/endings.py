"""Runs of tasks end: the task completes or waits again, its dependents and its job follow."""

from collections.abc import Sequence
from typing import NamedTuple

import orjson

from shoal.local.scheduler import dependencies, job_lifecycle, task_lifecycle
from shoal.local.scheduler.loop import Transaction
from shoal.local.scheduler.verdicts import (
    Ending,
    Verdict,
    disables_job,
    exit_options,
    failure_info,
    satisfies_dependents,
    terminates_job,
    verdict,
)
from shoal.local.store.queries import data, integer, required
from shoal.local.store.states import TaskFailureMode, TaskState


class EndedTask(NamedTuple):
    """A task whose run has ended, as far as it takes to decide what becomes of it."""

    key: int
    job: int
    id: str
    retry_count: int
    max_retries: int
    definition: bytes


def on_ended(tx: Transaction, node: str, endings: Sequence[tuple[int, int, Ending]]) -> None:
    """Apply the ends of runs on a node: (task, attempt, ending). The end of an earlier attempt frees its slots only."""
    succeeded = 0
    failure_modes: dict[int, TaskFailureMode] = {}
    for key, attempt, ending in endings:
        tx.run("DELETE FROM allocations WHERE task = ? AND attempt = ?", key, attempt)
        task = tx.one(
            EndedTask._make,
            "SELECT key, job, id, retry_count, max_retries, definition FROM tasks"
            " WHERE key = ? AND attempt = ? AND state = ?",
            key,
            attempt,
            TaskState.RUNNING,
        )
        # Completed by request, requeued or deleted before its process ended; that has been recorded already.
        if task is None:
            continue
        if task.job not in failure_modes:
            failure_modes[task.job] = _failure_mode(tx, task.job)
        succeeded += _conclude(tx, failure_modes[task.job], task, ending)
    pool = tx.one(
        integer,
        "UPDATE nodes SET tasks_run = tasks_run + ?, tasks_succeeded = tasks_succeeded + ? WHERE id = ? RETURNING pool",
        len(endings),
        succeeded,
        node,
    )
    if pool is not None:
        tx.pools_to_fill.add(pool)
    # Once a job, not once a task: a report may hold hundreds of ends.
    for job_key in failure_modes:
        job_lifecycle.complete_if_done(tx, job_key)


def _failure_mode(tx: Transaction, job_key: int) -> TaskFailureMode:
    definition = required(tx.one(data, "SELECT definition FROM jobs WHERE key = ?", job_key), "Job")
    return TaskFailureMode(orjson.loads(definition).get("onTaskFailure", TaskFailureMode.NO_ACTION))


def _conclude(tx: Transaction, failure_mode: TaskFailureMode, task: EndedTask, ending: Ending) -> bool:
    """Apply the end of a run. Return True where the task succeeded."""
    decision = verdict(ending, retry_count=task.retry_count, max_retries=task.max_retries)
    if decision is Verdict.RETRY:
        _retry(tx, task)
        return False
    success = decision is Verdict.SUCCESS
    task_lifecycle.complete(tx, task.key, ending, None if success else failure_info(ending))
    # Read only here, after the last retry: exit conditions apply to the final end of a task.
    conditions = orjson.loads(task.definition).get("exitConditions", {})
    options = exit_options(conditions, ending)
    if satisfies_dependents(options, succeeded=success):
        dependencies.satisfy(tx, job=task.job, parent=task.id)
    if terminates_job(options, succeeded=success, on_task_failure=failure_mode):
        job_lifecycle.terminate(tx, task.job, reason="TaskFailed")
    if disables_job(options, succeeded=success, on_task_failure=failure_mode):
        job_lifecycle.disable_by_task(tx, task.job)
    return success


def _retry(tx: Transaction, task: EndedTask) -> None:
    tx.run(
        "UPDATE tasks SET previous_state = state, previous_state_time = state_time, state = ?1,"
        " state_time = ?2, retry_count = retry_count + 1, last_retry = ?2 WHERE key = ?3 AND state = ?4",
        TaskState.ACTIVE,
        tx.now,
        task.key,
        TaskState.RUNNING,
    )
