"""A job's life: added, changed, disabled and enabled, terminated, deleted."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from shoal.local import errors, times
from shoal.local.scheduler import dependencies, job_node_tasks, quotas, task_lifecycle
from shoal.local.scheduler.loop import Transaction
from shoal.local.store.job import Job
from shoal.local.store.queries import integer, text
from shoal.local.store.states import AllTasksCompleteMode, CountedState, DisableJobOption, JobState, TaskState

UNLIMITED_PARALLEL_TASKS = -1
RULES_OF_MANAGER = ("killJobOnCompletion", "runExclusive", "allowLowPriorityNode")
"""Properties that a job manager task has beside those of a task."""
LIVE = (JobState.ACTIVE, JobState.DISABLING, JobState.DISABLED, JobState.ENABLING)
"""States of a job that has not ended and may still be changed."""
DISABLED_OR_SOON = (JobState.DISABLING, JobState.DISABLED)
DELETED_AT_ONCE = 5_000
"""Tasks removed in one transaction; a larger job is deleted in several, between which others are served."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobManager:
    """The rules of a job manager task, and the task itself."""

    task: task_lifecycle.TaskDefinition
    ends_job: bool
    """Its end ends the job."""
    exclusive: bool
    """No other task runs on its node meanwhile."""
    dedicated: bool
    """It runs on no Spot node."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDefinition:
    """A job as it was requested, with Batch's defaults filled in."""

    id: str
    body: dict[str, Any]
    pool_id: str
    """Empty where a pool is made for the job."""

    @property
    def auto_pool(self) -> dict[str, Any] | None:
        """The specification of a pool that is made for the job."""
        specification: dict[str, Any] | None = self.body["poolInfo"].get("autoPoolSpecification")
        return specification

    @property
    def manager(self) -> JobManager | None:
        if (definition := self.body.get("jobManagerTask")) is None:
            return None
        body = {name: value for name, value in definition.items() if name not in RULES_OF_MANAGER}
        retries = body["constraints"]["maxTaskRetryCount"]
        return JobManager(
            task=task_lifecycle.TaskDefinition(
                id=body["id"], body=body, slots=body["requiredSlots"], max_retries=retries
            ),
            ends_job=definition["killJobOnCompletion"],
            exclusive=definition["runExclusive"],
            dedicated=not definition["allowLowPriorityNode"],
        )

    @property
    def columns(self) -> dict[str, Any]:
        limit = self.body["constraints"]["maxWallClockTime"]
        return {
            "definition": orjson.dumps(self.body),
            "pool_id": self.pool_id,
            "priority": self.body["priority"],
            "max_retries": self.body["constraints"]["maxTaskRetryCount"],
            "time_limit": None if limit == times.UNLIMITED else times.duration(limit),
            "on_all_tasks_complete": self.body["onAllTasksComplete"],
        }


def add(tx: Transaction, account: str, definition: JobDefinition) -> int:
    quotas.require_room_for_job(tx, account)
    if tx.exists("SELECT 1 FROM job_schedules WHERE account = ? AND id = ?", account, definition.id):
        message = "A job schedule with the id of the specified job exists."
        raise errors.conflict("JobScheduleWithSameIdExists", message)
    try:
        cursor = tx.connection.execute(
            "INSERT INTO jobs (account, id, definition, pool_id, priority, max_retries, deadline,"
            " on_all_tasks_complete, state_time, created, last_modified)"
            # Without a limit `:time_limit` is NULL, and so is the sum.
            " VALUES (:account, :id, :definition, :pool_id, :priority, :max_retries, :now + :time_limit,"
            " :on_all_tasks_complete, :now, :now, :now)",
            {**definition.columns, "account": account, "id": definition.id, "now": tx.now},
        )
    except sqlite3.IntegrityError:
        raise errors.already_exists("Job") from None
    key = cursor.lastrowid or 0
    _limit_parallel_tasks(tx, key, definition)
    _allow_preemption(tx, key, definition)
    if (manager := definition.manager) is not None:
        _add_manager(tx, key, manager)
    complete_if_done(tx, key)
    return key


def _add_manager(tx: Transaction, key: int, manager: JobManager) -> None:
    """Add the job manager task, before any other task of its job."""
    tx.run(
        "INSERT INTO job_managers VALUES (?, ?, ?, ?, ?)",
        key,
        manager.task.id,
        manager.ends_job,
        manager.exclusive,
        manager.dedicated,
    )
    task_lifecycle.add(tx, Job.get(tx.connection, key), [manager.task])


def _limit_parallel_tasks(tx: Transaction, key: int, definition: JobDefinition) -> None:
    tx.run("DELETE FROM parallel_limits WHERE job = ?", key)
    if (limit := definition.body["maxParallelTasks"]) != UNLIMITED_PARALLEL_TASKS:
        tx.run("INSERT INTO parallel_limits VALUES (?, ?)", key, limit)


def _allow_preemption(tx: Transaction, key: int, definition: JobDefinition) -> None:
    tx.run("DELETE FROM preemptible_jobs WHERE job = ?", key)
    if definition.body["allowTaskPreemption"]:
        tx.run("INSERT INTO preemptible_jobs VALUES (?)", key)


def redefine(tx: Transaction, job: Job, definition: JobDefinition) -> None:
    """Replace what may be updated. Tasks added from now on inherit the job's retries."""
    require_not_deleting(job)
    pool_id = definition.pool_id or job.pool_id
    tx.connection.execute(
        "UPDATE jobs SET definition = :definition, pool_id = :pool_id, priority = :priority,"
        " max_retries = :max_retries, deadline = created + :time_limit, on_all_tasks_complete = :on_all_tasks_complete,"
        " last_modified = :now WHERE key = :key",
        {**definition.columns, "key": job.key, "now": tx.now, "pool_id": pool_id},
    )
    if pool_id.lower() != job.pool_id.lower():
        tx.run("INSERT OR IGNORE INTO former_pools VALUES (?, ?, ?)", job.key, tx.now, job.pool_id)
    _limit_parallel_tasks(tx, job.key, definition)
    if job.state in LIVE:
        _allow_preemption(tx, job.key, definition)
    task_lifecycle.touch_pool(tx, job.account, pool_id)
    complete_if_done(tx, job.key)


def begin_disable(tx: Transaction, job: Job, option: DisableJobOption) -> None:
    """Start no task of the job any more, and deal with those that run. Raises BatchError.

    Source: REST reference, Jobs - Disable: allowed while active, disabling or disabled.
    """
    require_live(job)
    _touch(tx, job)
    _disable(tx, job.key, option)


def _touch(tx: Transaction, job: Job) -> None:
    """Give the job another ETag, as recorded: disabling and enabling change it."""
    tx.run("UPDATE jobs SET last_modified = ? WHERE key = ?", tx.now, job.key)


def disable_by_task(tx: Transaction, key: int) -> None:
    """Disable the job of a task whose exit condition says so; an ended job stays as it is."""
    if Job.get(tx.connection, key).state in LIVE:
        _disable(tx, key, DisableJobOption.REQUEUE)


def _disable(tx: Transaction, key: int, option: DisableJobOption) -> None:
    enter(tx, key, JobState.DISABLING, among=LIVE)
    match option:
        case DisableJobOption.REQUEUE:
            for task in _running(tx, key):
                task_lifecycle.requeue(tx, task)
        case DisableJobOption.TERMINATE:
            _end_running(tx, key, "The task was ended because its job was disabled")
        case DisableJobOption.WAIT:
            pass
    finish_disabling(tx, key)


def finish_disabling(tx: Transaction, key: int) -> None:
    """Call a job disabled whose last running task has ended or waits again."""
    if not running_tasks(tx, key):
        enter(tx, key, JobState.DISABLED, among=(JobState.DISABLING,))


def running_tasks(tx: Transaction, key: int) -> int:
    """Return the number of a job's tasks that are on nodes."""
    sql = "SELECT ifnull(sum(tasks), 0) FROM task_counts WHERE job = ? AND state IN (?, ?)"
    return tx.one(integer, sql, key, CountedState.PREPARING, CountedState.RUNNING) or 0


def enable(tx: Transaction, job: Job) -> None:
    """Let the tasks of a disabled job run again. Raises BatchError.

    Source: REST reference, Jobs - Enable. Azure does not say which answer an active job gets; here it is a conflict.
    """
    require_live(job)
    if job.state not in DISABLED_OR_SOON:
        raise errors.conflict("OperationInvalidForCurrentState", f"The specified job is {job.state}, not disabled.")
    _touch(tx, job)
    # Nothing has to be waited for, but clients see the state it came from.
    enter(tx, job.key, JobState.ENABLING, among=DISABLED_OR_SOON)
    enter(tx, job.key, JobState.ACTIVE, among=(JobState.ENABLING,))
    task_lifecycle.touch_pool(tx, job.account, job.pool_id)
    complete_if_done(tx, job.key)


def enter(tx: Transaction, key: int, state: JobState, *, among: Sequence[JobState]) -> bool:
    """Change a job's state from one of those given. Return False where it has another one."""
    return bool(
        tx.run(
            "UPDATE jobs SET previous_state = state, previous_state_time = state_time, state = ?, state_time = ?"
            f" WHERE key = ? AND state IN ({', '.join('?' * len(among))})",
            state,
            tx.now,
            key,
            *among,
        )
    )


def complete_if_done(tx: Transaction, key: int) -> None:
    """Terminate an active job whose job manager task has ended, or that has no task left to run, where it says so.

    Source: REST reference, killJobOnCompletion; onAllTasksComplete: a job without tasks counts as complete.
    """
    manager = tx.one(text, "SELECT task FROM job_managers WHERE job = ? AND ends_job", key)
    if manager is not None and _has_ended(tx, key, manager):
        terminate(tx, key, reason="JMComplete", among=(JobState.ACTIVE,))
        return
    terminates = tx.exists(
        "SELECT 1 FROM jobs WHERE key = ? AND state = ? AND on_all_tasks_complete = ?",
        key,
        JobState.ACTIVE,
        AllTasksCompleteMode.TERMINATE_JOB,
    )
    if terminates and not _has_unfinished(tx, key):
        terminate(tx, key, reason="AllTasksComplete")


def _has_ended(tx: Transaction, key: int, task_id: str) -> bool:
    sql = "SELECT 1 FROM tasks WHERE job = ? AND id = ? AND state = ?"
    return tx.exists(sql, key, task_id, TaskState.COMPLETED)


def _has_unfinished(tx: Transaction, key: int) -> bool:
    sql = "SELECT 1 FROM task_counts WHERE job = ? AND state != ? AND tasks > 0"
    return tx.exists(sql, key, CountedState.COMPLETED)


def terminate(tx: Transaction, key: int, *, reason: str, among: Sequence[JobState] = LIVE) -> None:
    """End a live job, or one of the states given, and its running tasks. Its waiting tasks stay active and never run.

    It is `terminating` while its job release task runs on the nodes.
    """
    releasing = job_node_tasks.has_prepared(tx, key)
    if not enter(tx, key, JobState.TERMINATING if releasing else JobState.COMPLETED, among=among):
        return
    tx.run("DELETE FROM preemptible_jobs WHERE job = ?", key)
    tx.run(
        "UPDATE jobs SET terminate_reason = ?1, ended = iif(state = ?2, ?3, NULL) WHERE key = ?4",
        reason,
        JobState.COMPLETED,
        tx.now,
        key,
    )
    _end_running(tx, key, "The task was ended because its job was terminated")
    if releasing:
        job_node_tasks.begin_release(tx, key)
        finish_terminating(tx, key)


def finish_terminating(tx: Transaction, key: int) -> None:
    """Complete a job whose job release task runs on no node any more."""
    if not job_node_tasks.is_releasing(tx, key) and enter(tx, key, JobState.COMPLETED, among=(JobState.TERMINATING,)):
        tx.run("UPDATE jobs SET ended = ? WHERE key = ?", tx.now, key)


def finish_some(tx: Transaction) -> None:
    """Disable or complete the jobs that have waited for tasks on nodes and need not any more."""
    sql = "SELECT key, state FROM jobs WHERE state IN (?, ?)"
    for key, state in tx.all(tuple, sql, JobState.DISABLING, JobState.TERMINATING):
        finish = finish_disabling if state == JobState.DISABLING else finish_terminating
        finish(tx, key)


def terminate_overdue(tx: Transaction) -> None:
    """Terminate the jobs that have reached their time limit.

    Source: REST reference, JobConstraints: the limit counts from the job's creation.
    """
    for key in tx.all(integer, "SELECT key FROM jobs WHERE deadline <= ?", tx.now):
        terminate(tx, key, reason="MaxWallClockTimeExpiry")
        # Jobs that have ended keep their limit in their definitions.
        tx.run("UPDATE jobs SET deadline = NULL WHERE key = ?", key)


def begin_delete(tx: Transaction, job: Job, *, force: bool = False) -> None:
    """Delete a job with its tasks, after its job release task has run on the nodes, unless by force."""
    require_not_deleting(job)
    tx.run(
        "UPDATE jobs SET previous_state = state, previous_state_time = state_time, state = ?1, state_time = ?2,"
        " deadline = NULL WHERE key = ?3 AND state != ?1",
        JobState.DELETING,
        tx.now,
        job.key,
    )
    # While the rows are there: they say which processes have to be killed.
    _end_running(tx, job.key, "The task was ended because its job was deleted")
    if job_node_tasks.has_prepared(tx, job.key) and not force:
        job_node_tasks.begin_release(tx, job.key)
    delete_some(tx, job.key)


def delete_some(tx: Transaction, key: int) -> bool:
    """Delete a part of a job that is being deleted. Return True where more can be deleted at once."""
    if job_node_tasks.is_releasing(tx, key):
        return False
    removed = tx.run(
        "DELETE FROM tasks WHERE key IN (SELECT key FROM tasks WHERE job = ? LIMIT ?)", key, DELETED_AT_ONCE
    )
    if removed == DELETED_AT_ONCE:
        return True
    job = Job.get(tx.connection, key)
    dependencies.forget_job(tx, key)
    # The triggers on `tasks` leave counts of zero behind.
    tx.run("DELETE FROM task_counts WHERE job = ?", key)
    tx.run("DELETE FROM jobs WHERE key = ?", key)
    sql = "SELECT nodes.id FROM nodes JOIN pools ON pools.key = nodes.pool WHERE pools.account = ?"
    for node in tx.all(text, sql, job.account):
        tx.tell(node, {"forget": [job.id, None]})
    return False


def delete_parts(tx: Transaction) -> bool:
    """Go on with the jobs that are being deleted. Return True where anything is left of any."""
    deleting = tx.all(integer, "SELECT key FROM jobs WHERE state = ?", JobState.DELETING)
    # All before `any`: each of them gets its turn, also where an earlier one is not done yet.
    unfinished = [delete_some(tx, key) for key in deleting]
    return any(unfinished)


def _end_running(tx: Transaction, key: int, message: str) -> None:
    for task in _running(tx, key):
        task_lifecycle.end_running(tx, task, message)


def _running(tx: Transaction, key: int) -> list[task_lifecycle.Running]:
    sql = "SELECT key, attempt, node, requeue_count, state FROM tasks WHERE job = ? AND state IN (?, ?)"
    return tx.all(task_lifecycle.Running._make, sql, key, *task_lifecycle.ON_NODE)


def require_live(job: Job) -> None:
    require_not_deleting(job)
    if job.state is JobState.TERMINATING:
        raise errors.conflict("JobBeingTerminated", "The specified job is being terminated.")
    if job.state is JobState.COMPLETED:
        raise errors.conflict("JobCompleted", "The specified job is already in a completed state.")


def require_not_deleting(job: Job) -> None:
    if job.state is JobState.DELETING:
        raise errors.conflict(
            "JobBeingDeleted", "The specified job has been marked for deletion and is being reclaimed."
        )
