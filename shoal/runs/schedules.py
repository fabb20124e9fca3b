"""Job schedules as the rows that `shoal schedules` shows, and their changes: paused, resumed, removed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from azure.batch import BatchClient
from azure.batch.models import BatchJob, BatchJobSchedule
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

from shoal.connect import Services, error_code, plain_word
from shoal.errors import BadInput
from shoal.quantities import duration
from shoal.runs.cancel import POLL_SECONDS
from shoal.suggestion import nearest

ACTIVE = "active"
PAUSED = "disabled"
LIKENESS = 0.8
UNCHANGED = ("JobScheduleDisabled", "OperationInvalidForCurrentState")
"""Codes for a schedule that is paused already, or not paused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleRow:
    id: str
    state: str | None
    every: str
    next_run: datetime | None
    """None for one that makes no jobs: it is paused or has ended."""
    latest_job: str | None
    latest_state: str | None
    pool: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledJob:
    id: str
    state: str | None
    created: datetime | None
    ended: datetime | None
    reason: str | None
    """The reason for its end, in Batch's words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleDetails:
    schedule: ScheduleRow
    start: datetime | None
    end: datetime | None
    window: str | None
    jobs: list[ScheduledJob]
    """The jobs that Batch still has, the latest first."""


def schedules(client: BatchClient) -> Iterator[ScheduleRow]:
    """List the schedules of the account: two lists, however many there are."""
    listed = list(client.list_job_schedules())
    states = {str(job.id): plain_word(job.state) for job in client.list_jobs(select=["id", "state"])} if listed else {}
    return (_row(schedule, states) for schedule in listed)


def details(client: BatchClient, schedule_id: str) -> ScheduleDetails:
    """Read a schedule and its jobs. Raises BadInput where there is no such schedule."""
    schedule = find_schedule(client, schedule_id)
    jobs = [_job(job) for job in client.list_jobs_from_schedule(str(schedule.id))]
    jobs.sort(key=lambda job: str(job.created), reverse=True)
    when = schedule.schedule
    return ScheduleDetails(
        schedule=_row(schedule, {job.id: job.state for job in jobs}),
        start=when.do_not_run_until if when else None,
        end=when.do_not_run_after if when else None,
        window=duration(when.start_window) if when and when.start_window else None,
        jobs=jobs,
    )


def find_schedule(client: BatchClient, schedule_id: str) -> BatchJobSchedule:
    """Return the schedule with this id. Raises BadInput where there is none."""
    try:
        return client.get_job_schedule(schedule_id)
    except ResourceNotFoundError as exc:
        known = (str(schedule.id) for schedule in client.list_job_schedules(select=["id"]))
        match = nearest(schedule_id, known, likeness=LIKENESS)
        near = f"did you mean {match}? " if match else ""
        raise BadInput(f"there is no schedule '{schedule_id}'; {near}`shoal schedules` lists them") from exc


def pause(client: BatchClient, schedule_id: str) -> bool:
    """Let it make no more jobs; one that runs goes on. Return False where it was paused before."""
    find_schedule(client, schedule_id)
    try:
        client.disable_job_schedule(schedule_id)
    except ResourceExistsError as exc:
        return _was_so(schedule_id, exc)
    return True


def resume(client: BatchClient, schedule_id: str) -> bool:
    """Let it make jobs again. Return False where it was not paused."""
    if plain_word(find_schedule(client, schedule_id).state) == ACTIVE:
        return False
    try:
        client.enable_job_schedule(schedule_id)
    except ResourceExistsError as exc:
        return _was_so(schedule_id, exc)
    return True


def remove(services: Services, schedule_id: str) -> None:
    """Delete the schedule with its jobs, and the tasks that are stored for later ones. Return when all is done.

    Source: Batch REST, Job Schedule - Delete: deletes all jobs and tasks under it. Outputs and logs stay in storage.
    """
    from shoal.jobs.schedule.stored_tasks import delete_stored_tasks  # brings the reader of job files with it

    find_schedule(services.batch, schedule_id)
    services.batch.begin_delete_job_schedule(schedule_id, polling_interval=POLL_SECONDS).wait()
    delete_stored_tasks(services, schedule_id)


def _was_so(schedule_id: str, exc: ResourceExistsError) -> bool:
    if error_code(exc) in UNCHANGED:
        return False
    if error_code(exc) == "JobScheduleCompleted":
        raise BadInput(f"schedule '{schedule_id}' has ended, and makes no more jobs") from exc
    raise exc


def _row(schedule: BatchJobSchedule, states: dict[str, str | None]) -> ScheduleRow:
    state = plain_word(schedule.state)
    info, when, specification = schedule.execution_info, schedule.schedule, schedule.job_specification
    latest = info.recent_job.id if info and info.recent_job else None
    return ScheduleRow(
        id=str(schedule.id),
        state=state,
        every=duration(when.recurrence_interval) if when and when.recurrence_interval else "once",
        # A paused one keeps the time at which it would have made a job.
        next_run=info.next_run_time if info and state == ACTIVE else None,
        latest_job=latest,
        latest_state=states.get(latest, "gone") if latest else None,
        pool=str(specification.pool_info.pool_id or "") if specification else "",
    )


def _job(job: BatchJob) -> ScheduledJob:
    execution = job.execution_info
    return ScheduledJob(
        id=str(job.id),
        state=plain_word(job.state),
        created=job.creation_time,
        ended=execution.end_time if execution else None,
        reason=execution.termination_reason if execution else None,
    )
