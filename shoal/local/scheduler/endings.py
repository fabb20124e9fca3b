"""Runs of tasks end: the task completes or waits again, its dependents and its job follow."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import orjson

from shoal.local.scheduler import dependencies, job_lifecycle, multi_instance, task_lifecycle
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
from shoal.local.store.node import KEY_DIGITS, MOST_RECENT_TASKS
from shoal.local.store.queries import integer
from shoal.local.store.states import TaskFailureMode, TaskState


class EndedTask(NamedTuple):
    """A task whose run has ended, as far as it takes to decide what becomes of it and of its job."""

    key: int
    attempt: int
    node: str
    job: int
    id: str
    retry_count: int
    max_retries: int
    definition: bytes
    job_definition: bytes
    ends_job: int
    """The job may end with it: it ends after its last task, or with its job manager task."""


# The state is written out: with the partial index `tasks_ready` SQLite prepares a query for a bound state at each run.
RUNNING_TASK = """
    SELECT tasks.key, attempt, node, job, tasks.id, retry_count, tasks.max_retries, tasks.definition, jobs.definition,
        on_all_tasks_complete != 'noaction' OR EXISTS (SELECT 1 FROM job_managers WHERE job_managers.job = jobs.key)
    FROM tasks JOIN jobs ON jobs.key = tasks.job WHERE tasks.key = ? AND attempt = ? AND tasks.state = 'running'
"""


def on_ended(tx: Transaction, node: str, endings: Sequence[tuple[int, int, Ending]]) -> None:
    """Apply the ends of runs on a node: (task, attempt, ending). The end of an earlier attempt frees its slots only."""
    succeeded = 0
    ending_jobs: set[int] = set()
    for key, attempt, ending in endings:
        tx.run("DELETE FROM allocations WHERE task = ? AND attempt = ? AND node = ?", key, attempt, node)
        task = tx.one(EndedTask._make, RUNNING_TASK, key, attempt)
        # Completed by request, requeued or deleted before its process ended; that has been recorded already.
        if task is None:
            multi_instance.end_instance(tx, node, key, attempt, ending)
            continue
        succeeded += _conclude(tx, task, ending if task.node == node else _of_subtask(tx, task, node, ending))
        if task.ends_job:
            ending_jobs.add(task.job)
    place = tx.one(
        tuple,
        "UPDATE nodes SET tasks_run = tasks_run + ?, tasks_succeeded = tasks_succeeded + ? WHERE id = ?"
        " RETURNING key, pool",
        len(endings),
        succeeded,
        node,
    )
    if place is not None:
        _remember(tx, place[0], endings)
        tx.pools_to_fill.add(place[1])
    # Once a job, not once a task: a report may hold hundreds of ends.
    for job_key in sorted(ending_jobs):
        job_lifecycle.complete_if_done(tx, job_key)


def on_vacated(tx: Transaction, node: str, runs: Sequence[tuple[int, int]]) -> None:
    """Free the slots of tasks whose processes have ended and whose files are being uploaded; they still run."""
    for key, attempt in runs:
        tx.run("UPDATE allocations SET slots = 0 WHERE task = ? AND attempt = ? AND node = ?", key, attempt, node)
    tx.pools_to_fill.update(tx.all(integer, "SELECT pool FROM nodes WHERE id = ?", node))


def _of_subtask(tx: Transaction, task: EndedTask, node: str, ending: Ending) -> Ending:
    """Return the end that a multi-instance task has because one of its subtasks has failed."""
    number = multi_instance.end_instance(tx, node, task.key, task.attempt, ending)
    return replace(ending, subtask=number)


def _remember(tx: Transaction, node: int, endings: Sequence[tuple[int, int, Ending]]) -> None:
    """Add to the recent tasks of a node."""
    tx.run(
        "INSERT INTO recent_tasks VALUES (?1, ?2) ON CONFLICT DO UPDATE SET tasks = substr(tasks || ?2, ?3)",
        node,
        "".join(f"{key:0{KEY_DIGITS}}" for key, _, _ in endings[-MOST_RECENT_TASKS:]),
        -KEY_DIGITS * MOST_RECENT_TASKS,
    )


def _conclude(tx: Transaction, task: EndedTask, ending: Ending) -> bool:
    """Apply the end of a run. Return True where the task succeeded."""
    decision = verdict(ending, retry_count=task.retry_count, max_retries=task.max_retries)
    definition = orjson.loads(task.definition)
    if multi_instance.SETTINGS in definition:
        # The end of one instance ends all.
        task_lifecycle.kill_processes(tx, task.key, task.attempt)
    if decision is Verdict.RETRY:
        _retry(tx, task)
        return False
    success = decision is Verdict.SUCCESS
    # Read only here, after the last retry: exit conditions apply to the final end of a task.
    options = exit_options(definition.get("exitConditions", {}), ending)
    satisfied = satisfies_dependents(options, succeeded=success)
    failure = None if success else failure_info(ending)
    task_lifecycle.complete(tx, task.key, ending, failure, satisfied=satisfied)
    if satisfied:
        dependencies.satisfy(tx, job=task.job, parent=task.id)
    failure_mode = orjson.loads(task.job_definition).get("onTaskFailure", TaskFailureMode.NO_ACTION)
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
