"""Put a planned job with a schedule into Batch: its files, the tasks of its jobs, its manifest, then the schedule."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from azure.batch import BatchClient
from azure.batch.models import BatchJobSchedule, BatchJobScheduleCreateOptions, BatchJobScheduleUpdateOptions
from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError

from shoal.connect import Services, error_code, plain_word
from shoal.errors import BadInput
from shoal.jobs.binding.bound_job import BoundJob
from shoal.jobs.file.schedule_spec import Times, times_of
from shoal.jobs.preflight.preflight import refuse_problems
from shoal.jobs.run_folder import schedule_folder
from shoal.jobs.run_record import RunRecord, to_metadata
from shoal.jobs.schedule.definition import TIMES, Definition, definition_of, differences
from shoal.jobs.schedule.manager import manager_task
from shoal.jobs.schedule.recurrence import recurrence
from shoal.jobs.schedule.stored_tasks import has_stored_tasks, job_placeholder, store_tasks
from shoal.jobs.submit.changes import OnChange, run_name_choice
from shoal.jobs.submit.plan import Plan
from shoal.jobs.submit.submit import job_body, planned_record
from shoal.jobs.submit.upload import upload_inputs
from shoal.jobs.tasks.task_bodies import all_tasks
from shoal.manifest.run_manifest import beginning_manifest
from shoal.manifest.storage import store_of_schedule

LIVE = ("active", "disabled")


class ScheduleChange(StrEnum):
    ADDED = "added"
    REPLACED = "replaced"
    """Its later jobs have another definition."""
    THERE = "already there"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSubmission:
    schedule_id: str
    change: ScheduleChange
    tasks: int
    """Tasks of each of its jobs."""
    next_run: datetime | None

    @property
    def summary(self) -> str:
        when = "" if self.next_run is None else f", the next one at {self.next_run:%Y-%m-%d %H:%M} UTC"
        return f"schedule {self.schedule_id}: {self.change}; {self.tasks} tasks in each job{when}"


def submit_schedule(
    job: BoundJob, plan: Plan, services: Services, *, on_change: OnChange = OnChange.REFUSE
) -> ScheduleSubmission:
    """Add the schedule, or change it for its later jobs.

    Raises BadInput, with nothing changed, where the job cannot run there, or the schedule has another definition and
    `on_change` makes no choice.
    """
    refuse_problems(job, plan, services)
    existing = refuse_other_schedule(job, plan, services, on_change=on_change)
    client, times, record = services.batch, _times(job), _record(job, plan)
    if existing is None:
        body = {"id": plan.job_id, **_stored(job, plan, services, record, recurrence(times, _now()))}
        _create(client, body)
        return _submission(client, plan, ScheduleChange.ADDED)
    if on_change is OnChange.KEEP or not _differences(existing, Definition(times=times, record=record), services):
        return _submission(client, plan, ScheduleChange.THERE)
    when = recurrence(times, _now(), latest=_latest_run(client, existing))
    _update(client, existing, _stored(job, plan, services, record, when))
    return _submission(client, plan, ScheduleChange.REPLACED)


def expected_change(job: BoundJob, plan: Plan, services: Services) -> ScheduleChange:
    """Return what `submit_schedule` would do where it may replace the schedule. Changes nothing."""
    existing = refuse_other_schedule(job, plan, services, on_change=OnChange.REPLACE)
    if existing is None:
        return ScheduleChange.ADDED
    now = Definition(times=_times(job), record=_record(job, plan))
    return ScheduleChange.REPLACED if _differences(existing, now, services) else ScheduleChange.THERE


def refuse_other_schedule(
    job: BoundJob, plan: Plan, services: Services, *, on_change: OnChange = OnChange.REFUSE
) -> BatchJobSchedule | None:
    """Return the schedule that is there. Raises BadInput where `submit_schedule` would refuse it. Changes nothing."""
    existing = _existing(services.batch, plan.job_id)
    if existing is None:
        _refuse_job_of_same_id(services.batch, plan.job_id)
        recurrence(_times(job), _now())  # refuses an end that has passed
        return None
    if plain_word(existing.state) not in LIVE:
        raise BadInput(
            f"schedule '{plan.job_id}' has ended, and makes no more jobs; `shoal schedules remove {plan.job_id}` first"
        )
    now = Definition(times=_times(job), record=_record(job, plan))
    if on_change is OnChange.REFUSE and (changed := _differences(existing, now, services)):
        raise BadInput(_change_message(job, changed, definition_of(existing).record, now.record))
    return existing


def _differences(existing: BatchJobSchedule, now: Definition, services: Services) -> list[str]:
    then = definition_of(existing)
    changed = differences(then, now)
    if then.record and not has_stored_tasks(services, schedule_folder(str(existing.id), then.record.run_id)):
        changed.append("the tasks stored for its jobs are gone, and it cannot add them any more")
    return changed


def _change_message(job: BoundJob, changed: list[str], then: RunRecord | None, now: RunRecord | None) -> str:
    lines = [
        f"schedule '{job.job_file.job_id}' is there already, with another definition:",
        *(f"  {difference}" for difference in changed),
        "Nothing was changed. Choose one:",
        "  --changed replace: the jobs that it makes from now on have this definition",
        "  --changed keep: leave the schedule as it is",
        "  another schedule: --job ID",
    ]
    if then is not None and now is not None:
        lines += run_name_choice(job, then, now)
    return "\n".join(lines)


def _stored(job: BoundJob, plan: Plan, services: Services, record: RunRecord, when: dict[str, Any]) -> dict[str, Any]:
    """Store what the jobs need, and return the properties of the schedule that refers to it."""
    upload_inputs(plan.files, services)
    folder, placeholder = schedule_folder(plan.job_id, record.run_id), job_placeholder(plan.job_id, record.run_id)
    runnable = replace(job.runnable(record.run_id, services.sign), job_placeholder=placeholder)
    collections = store_tasks(services, folder, all_tasks(runnable))
    store_of_schedule(services, beginning_manifest(job, plan, record, services))
    body = {name: value for name, value in job_body(runnable, plan).items() if name != "id"}
    recorded = [{"name": item.name, "value": item.value} for item in to_metadata(record)]
    specification = {
        **body,
        "metadata": [*body["metadata"], *recorded],
        # The job has its manager from the first moment, so it cannot end before its tasks are there.
        "onAllTasksComplete": "terminatejob",
        "jobManagerTask": manager_task(
            job.environment, folder=folder, collections=collections, placeholder=placeholder
        ),
    }
    times = [{"name": TIMES, "value": _times(job).model_dump_json(exclude_none=True)}]
    return {"schedule": when, "jobSpecification": specification, "metadata": times}


def _record(job: BoundJob, plan: Plan) -> RunRecord:
    return replace(planned_record(job, plan), schedule=plan.job_id)


def _times(job: BoundJob) -> Times:
    schedule = job.job_file.spec.job.schedule
    assert schedule is not None
    return times_of(schedule)


def _now() -> datetime:
    return datetime.now(UTC)


def _existing(client: BatchClient, schedule_id: str) -> BatchJobSchedule | None:
    try:
        return client.get_job_schedule(schedule_id)
    except ResourceNotFoundError:
        return None


def _refuse_job_of_same_id(client: BatchClient, schedule_id: str) -> None:
    try:
        client.get_job(schedule_id)
    except ResourceNotFoundError:
        return
    raise BadInput(
        f"'{schedule_id}' is the id of a job, which no schedule can have as well; `shoal rm {schedule_id}` first, or "
        "name another with --job ID"
    )


def _create(client: BatchClient, body: dict[str, Any]) -> None:
    try:
        client.create_job_schedule(BatchJobScheduleCreateOptions(body))
    except ResourceExistsError as exc:
        if error_code(exc) not in ("JobScheduleExists", "JobWithSameIdExists"):
            raise
        raise BadInput(f"'{body['id']}' was added by somebody else meanwhile; submit again") from exc


def _update(client: BatchClient, existing: BatchJobSchedule, body: dict[str, Any]) -> None:
    try:
        client.update_job_schedule(
            str(existing.id),
            BatchJobScheduleUpdateOptions(body),
            etag=existing.etag,
            match_condition=MatchConditions.IfNotModified,
        )
    except ResourceModifiedError as exc:
        raise BadInput(f"schedule '{existing.id}' was changed by somebody else meanwhile; submit again") from exc


def _latest_run(client: BatchClient, schedule: BatchJobSchedule) -> datetime | None:
    info = schedule.execution_info
    if info is None or info.recent_job is None or info.recent_job.id is None:
        return None
    try:
        return client.get_job(info.recent_job.id, select=["id", "creationTime"]).creation_time
    except ResourceNotFoundError:
        return None


def _submission(client: BatchClient, plan: Plan, change: ScheduleChange) -> ScheduleSubmission:
    info = client.get_job_schedule(plan.job_id, select=["id", "executionInfo"]).execution_info
    return ScheduleSubmission(
        schedule_id=plan.job_id, change=change, tasks=plan.tasks, next_run=info.next_run_time if info else None
    )
