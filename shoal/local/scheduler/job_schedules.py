"""A job schedule's life: added, changed, disabled and enabled, terminated, deleted; and the jobs that it creates."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from shoal.local import errors
from shoal.local.scheduler import auto_pools, job_lifecycle, quotas
from shoal.local.scheduler.job_lifecycle import JobDefinition
from shoal.local.scheduler.loop import Transaction
from shoal.local.scheduler.recurrence import Recurrence, decide, first_run
from shoal.local.store.job import Job
from shoal.local.store.job_schedule import JobSchedule
from shoal.local.store.states import JobScheduleState, JobState

REFUSALS = {
    JobScheduleState.COMPLETED: ("JobScheduleCompleted", "The specified job schedule is already in completed state."),
    JobScheduleState.TERMINATING: ("JobScheduleBeingTerminated", "The specified job schedule is being terminated."),
    JobScheduleState.DELETING: ("JobScheduleBeingDeleted", "The specified job schedule is being deleted."),
}
"""Source: REST reference, "Batch status and error codes"."""
LIVE = (JobScheduleState.ACTIVE, JobScheduleState.DISABLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobScheduleDefinition:
    """A schedule as it was requested, with Batch's defaults filled in."""

    id: str
    body: dict[str, Any]

    @property
    def recurrence(self) -> Recurrence:
        return Recurrence.of(self.body["schedule"])


def add(tx: Transaction, account: str, definition: JobScheduleDefinition) -> None:
    quotas.require_room_for_job(tx, account)
    if tx.exists("SELECT 1 FROM jobs WHERE account = ? AND id = ?", account, definition.id):
        raise errors.conflict("JobWithSameIdExists", "A job with the id of the specified job schedule exists.")
    try:
        tx.run(
            "INSERT INTO job_schedules (account, id, definition, state_time, next_run, created, last_modified)"
            " VALUES (?1, ?2, ?3, ?4, ?5, ?4, ?4)",
            account,
            definition.id,
            orjson.dumps(definition.body),
            tx.now,
            first_run(definition.recurrence, last_run=None, now=tx.now),
        )
    except sqlite3.IntegrityError:
        raise errors.already_exists("JobSchedule") from None
    pass_time(tx)


def redefine(tx: Transaction, schedule: JobSchedule, definition: JobScheduleDefinition) -> None:
    """Replace what may be updated. Jobs that exist keep what they were created with."""
    require_live(schedule)
    next_run = schedule.next_run
    if definition.body["schedule"] != schedule.body()["schedule"]:
        next_run = first_run(definition.recurrence, last_run=schedule.last_run, now=tx.now)
    tx.run(
        "UPDATE job_schedules SET definition = ?, next_run = ?, last_modified = ? WHERE key = ?",
        orjson.dumps(definition.body),
        next_run,
        tx.now,
        schedule.key,
    )
    pass_time(tx)


def disable(tx: Transaction, schedule: JobSchedule) -> None:
    """Create no more jobs; the active one goes on."""
    require_live(schedule)
    if schedule.state is JobScheduleState.DISABLED:
        raise errors.conflict("JobScheduleDisabled", "The specified job schedule is already disabled.")
    _enter(tx, schedule.key, JobScheduleState.DISABLED, among=LIVE)
    _touch(tx, schedule)


def enable(tx: Transaction, schedule: JobSchedule) -> None:
    """Create jobs again. An occurrence that was missed is made up for if its window is still open."""
    require_live(schedule)
    if schedule.state is JobScheduleState.ACTIVE:
        raise errors.conflict("OperationInvalidForCurrentState", "The specified job schedule is not disabled.")
    _enter(tx, schedule.key, JobScheduleState.ACTIVE, among=LIVE)
    _touch(tx, schedule)
    pass_time(tx)


def _touch(tx: Transaction, schedule: JobSchedule) -> None:
    tx.run("UPDATE job_schedules SET last_modified = ? WHERE key = ?", tx.now, schedule.key)


def begin_terminate(tx: Transaction, schedule: JobSchedule) -> None:
    """Create no more jobs and end the active one."""
    require_live(schedule)
    _enter(tx, schedule.key, JobScheduleState.TERMINATING, among=LIVE)
    for job in _jobs(tx, schedule):
        job_lifecycle.terminate(tx, job.key, reason="TerminateJobSchedule")
    pass_time(tx)


def begin_delete(tx: Transaction, schedule: JobSchedule, *, force: bool = False) -> None:
    """Delete a schedule with all of its jobs."""
    if schedule.state is JobScheduleState.DELETING:
        raise errors.conflict(*REFUSALS[schedule.state])
    _enter(tx, schedule.key, JobScheduleState.DELETING, among=tuple(JobScheduleState))
    for job in _jobs(tx, schedule):
        if job.state is not JobState.DELETING:
            job_lifecycle.begin_delete(tx, job, force=force)
    pass_time(tx)


def pass_time(tx: Transaction) -> None:
    """Create the jobs that are due, and end the schedules that are done."""
    sql = "SELECT * FROM job_schedules WHERE state IN (?, ?, ?)"
    waiting = (JobScheduleState.ACTIVE, JobScheduleState.TERMINATING, JobScheduleState.DELETING)
    for schedule in tx.all(JobSchedule.from_row, sql, *waiting):
        match schedule.state:
            case JobScheduleState.ACTIVE:
                _proceed(tx, schedule)
            case JobScheduleState.TERMINATING if not _is_busy(tx, schedule):
                _complete(tx, schedule)
            case JobScheduleState.DELETING if not _jobs(tx, schedule):
                tx.run("DELETE FROM job_schedules WHERE key = ?", schedule.key)
            case _:
                pass


def _proceed(tx: Transaction, schedule: JobSchedule) -> None:
    body = schedule.body()
    recurrence = Recurrence.of(body["schedule"])
    decision = decide(recurrence, next_run=schedule.next_run, now=tx.now, busy=_is_busy(tx, schedule))
    if decision.run is not None and not _create_job(tx, schedule, body["jobSpecification"], decision.run):
        # It stays due, and is tried again while its window is open.
        return
    if decision.next_run != schedule.next_run:
        tx.run("UPDATE job_schedules SET next_run = ? WHERE key = ?", decision.next_run, schedule.key)
    if decision.ends:
        _complete(tx, schedule)


def _create_job(tx: Transaction, schedule: JobSchedule, specification: dict[str, Any], run: int) -> bool:
    """Create the job of an occurrence. Return False where the account has no room for it."""
    definition = JobDefinition(
        id=f"{schedule.id}:job-{schedule.runs + 1}",
        body=specification,
        pool_id=specification["poolInfo"].get("poolId", ""),
    )
    try:
        key = auto_pools.add_job(tx, schedule.account, definition, schedule=schedule.key)
    except errors.BatchError:
        return False
    tx.run("INSERT INTO scheduled_jobs VALUES (?, ?)", key, schedule.key)
    tx.run("UPDATE job_schedules SET runs = runs + 1, last_run = ? WHERE key = ?", run, schedule.key)
    return True


def _is_busy(tx: Transaction, schedule: JobSchedule) -> bool:
    return tx.exists(
        "SELECT 1 FROM scheduled_jobs JOIN jobs ON jobs.key = scheduled_jobs.job WHERE schedule = ? AND state != ?",
        schedule.key,
        JobState.COMPLETED,
    )


def _jobs(tx: Transaction, schedule: JobSchedule) -> list[Job]:
    sql = "SELECT jobs.* FROM scheduled_jobs JOIN jobs ON jobs.key = scheduled_jobs.job WHERE schedule = ?"
    return tx.all(Job.from_row, sql, schedule.key)


def _complete(tx: Transaction, schedule: JobSchedule) -> None:
    if _enter(tx, schedule.key, JobScheduleState.COMPLETED, among=(*LIVE, JobScheduleState.TERMINATING)):
        tx.run("UPDATE job_schedules SET next_run = NULL, ended = ? WHERE key = ?", tx.now, schedule.key)


def _enter(tx: Transaction, key: int, state: JobScheduleState, *, among: Sequence[JobScheduleState]) -> bool:
    return bool(
        tx.run(
            "UPDATE job_schedules SET previous_state = state, previous_state_time = state_time, state = ?,"
            f" state_time = ? WHERE key = ? AND state IN ({', '.join('?' * len(among))})",
            state,
            tx.now,
            key,
            *among,
        )
    )


def require_live(schedule: JobSchedule) -> None:
    if schedule.state in REFUSALS:
        raise errors.conflict(*REFUSALS[schedule.state])
