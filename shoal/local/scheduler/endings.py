"""Runs of tasks end: the task completes or waits again, its dependents and its job follow."""

import sqlite3
from collections.abc import Sequence

import orjson

from shoal.local.scheduler import dependencies, jobs, tasks
from shoal.local.scheduler.loop import Transaction
from shoal.local.scheduler.verdicts import (
    Ending,
    Verdict,
    exit_options,
    failure_info,
    satisfies_dependents,
    terminates_job,
    verdict,
)


def on_ended(tx: Transaction, node: str, endings: Sequence[tuple[int, int, Ending]]) -> None:
    """Runs of tasks on a node have ended: (task, attempt, how). Reports of an earlier attempt free their slots only."""
    succeeded = 0
    touched: dict[int, sqlite3.Row] = {}
    for key, attempt, ending in endings:
        tx.run("DELETE FROM allocations WHERE task = ? AND attempt = ?", key, attempt)
        task = tx.one("SELECT * FROM tasks WHERE key = ? AND attempt = ? AND state = 'running'", key, attempt)
        if task is None:
            continue
        if task["job"] not in touched:
            touched[task["job"]] = jobs.by_key(tx, task["job"])
        succeeded += _conclude(tx, touched[task["job"]], task, ending)
    row = tx.one(
        "UPDATE nodes SET tasks_run = tasks_run + ?, tasks_succeeded = tasks_succeeded + ? WHERE id = ? RETURNING pool",
        len(endings),
        succeeded,
        node,
    )
    if row is not None:
        tx.pools_to_fill.add(row["pool"])
    for job_key in touched:
        jobs.complete_if_done(tx, job_key)


def _conclude(tx: Transaction, job: sqlite3.Row, task: sqlite3.Row, ending: Ending) -> bool:
    """Apply the end of a run; whether the task succeeded."""
    decision = verdict(ending, retry_count=task["retry_count"], max_retries=task["max_retries"])
    if decision is Verdict.RETRY:
        tx.run(
            "UPDATE tasks SET previous_state = state, previous_state_time = state_time, state = 'active',"
            " state_time = ?1, retry_count = retry_count + 1, last_retry = ?1 WHERE key = ?2",
            tx.now,
            task["key"],
        )
        return False
    success = decision is Verdict.SUCCESS
    tasks.complete(tx, task["key"], ending, None if success else failure_info(ending))
    conditions = orjson.loads(task["definition"]).get("exitConditions", {})
    options = exit_options(conditions, ending)
    if satisfies_dependents(options, succeeded=success):
        dependencies.satisfy(tx, job=task["job"], parent=task["id"])
    on_task_failure = orjson.loads(job["definition"]).get("onTaskFailure", "noaction")
    if terminates_job(options, succeeded=success, on_task_failure=on_task_failure):
        jobs.terminate(tx, task["job"], reason="TaskFailed")
    return success
