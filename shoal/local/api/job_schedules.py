"""Operations on job schedules."""

from collections.abc import Callable
from typing import Any

from shoal.local import times
from shoal.local.api import conditions, jobs, odata, schedule_definitions, statistics
from shoal.local.api.calls import Answer, Call, accepted, entity, more_after, page
from shoal.local.api.changes import change
from shoal.local.api.container_settings import without_passwords_of_auto_pool
from shoal.local.api.odata import ALL, EQUALITY, PREFIX, Column, moment_in
from shoal.local.scheduler import job_schedules
from shoal.local.scheduler.job_schedules import JobScheduleDefinition
from shoal.local.scheduler.loop import Transaction
from shoal.local.store.job import Job
from shoal.local.store.job_schedule import JobSchedule

COLUMNS = {
    "id": Column("id", "text", ALL | {PREFIX}),
    "state": Column("state", "word", EQUALITY),
    "stateTransitionTime": Column("state_time", "date"),
    "creationTime": Column("created", "date"),
    "lastModified": Column("last_modified", "date"),
    "executionInfo/endTime": Column("ended", "date"),
    "schedule/doNotRunUntil": Column(moment_in("definition", "$.schedule.doNotRunUntil"), "date"),
    "schedule/doNotRunAfter": Column(moment_in("definition", "$.schedule.doNotRunAfter"), "date"),
}
COLUMNS_OF_JOBS = {name: column for name, column in jobs.COLUMNS.items() if name != "id"}
"""Source: REST reference, "OData filters in Batch", List jobs in a job schedule, January 2024; so the others."""


async def create_job_schedule(call: Call) -> Answer:
    definition = schedule_definitions.job_schedule(call.body(), call.version)

    def add(tx: Transaction) -> int:
        job_schedules.add(tx, call.account, definition)
        return tx.now

    created = await call.service.loop.change(add)
    return accepted(call, 201, created, f"/jobschedules/{definition.id}")


async def list_job_schedules(call: Call) -> Answer:
    condition, parameters = odata.where(call.query.get("$filter"), COLUMNS)
    size = call.page_size()
    read = call.service.read(
        JobSchedule.from_row,
        f"SELECT * FROM job_schedules WHERE account = ? AND key > ? AND ({condition}) ORDER BY key LIMIT ?",
        call.account,
        call.after(),
        *parameters,
        size + 1,
    )
    views = [view(schedule, call.base_url) for schedule in read[:size]]
    await statistics.add_to_schedules(
        call, [statistics.Entity(one.key, one.created, shown) for one, shown in zip(read, views, strict=False)]
    )
    return page(call, "jobschedules", views, more_after(read, size))


async def get_job_schedule(call: Call) -> Answer:
    schedule = find(call)
    conditions.check(call.method, call.headers, schedule.last_modified)
    shown = view(schedule, call.base_url)
    await statistics.add_to_schedules(call, [statistics.Entity(schedule.key, schedule.created, shown)])
    return entity(call, "jobschedules", shown, schedule.last_modified)


async def job_schedule_exists(call: Call) -> Answer:
    schedule = find(call)
    conditions.check(call.method, call.headers, schedule.last_modified)
    return accepted(call, 200, schedule.last_modified)


async def update_job_schedule(call: Call) -> Answer:
    return await _redefine(call, schedule_definitions.patched)


async def replace_job_schedule(call: Call) -> Answer:
    return await _redefine(call, schedule_definitions.replaced)


async def _redefine(call: Call, changed: Callable[[dict[str, Any], Any, str], JobScheduleDefinition]) -> Answer:
    body = call.body()

    def redefine(tx: Transaction, schedule: JobSchedule) -> None:
        job_schedules.redefine(tx, schedule, changed(schedule.body(), body, call.version))

    return accepted(call, 200, await change(call, find, redefine))


async def disable_job_schedule(call: Call) -> Answer:
    return accepted(call, 204, await change(call, find, job_schedules.disable))


async def enable_job_schedule(call: Call) -> Answer:
    return accepted(call, 204, await change(call, find, job_schedules.enable))


async def terminate_job_schedule(call: Call) -> Answer:
    return accepted(call, 202, await change(call, find, job_schedules.begin_terminate), call.path)


async def delete_job_schedule(call: Call) -> Answer:
    force = call.flag("force")
    await change(call, find, lambda tx, schedule: job_schedules.begin_delete(tx, schedule, force=force))
    return accepted(call, 202)


async def list_jobs_from_schedule(call: Call) -> Answer:
    schedule = find(call)
    condition, parameters = odata.where(call.query.get("$filter"), COLUMNS_OF_JOBS)
    size = call.page_size()
    read = call.service.read(
        Job.from_row,
        "SELECT * FROM jobs WHERE key IN (SELECT job FROM scheduled_jobs WHERE schedule = ?)"
        f" AND key > ? AND ({condition}) ORDER BY key LIMIT ?",
        schedule.key,
        call.after(),
        *parameters,
        size + 1,
    )
    return await jobs.job_page(call, read, size)


def find(call: Call) -> JobSchedule:
    """Return the schedule of the call. Raises BatchError JobScheduleNotFound."""
    return JobSchedule.require(call.service.connection, call.account, call["schedule_id"])


def view(schedule: JobSchedule, base_url: str) -> dict[str, Any]:
    """Return the schedule as clients read it."""
    result = {
        **schedule.body(),
        "jobSpecification": without_passwords_of_auto_pool(schedule.body()["jobSpecification"]),
        "id": schedule.id,
        "url": f"{base_url}/jobschedules/{schedule.id}",
        "eTag": times.etag(schedule.last_modified),
        "lastModified": times.iso(schedule.last_modified),
        "creationTime": times.iso(schedule.created),
        "state": schedule.state,
        "stateTransitionTime": times.iso(schedule.state_time),
        "executionInfo": _execution_info(schedule, base_url),
    }
    if schedule.previous_state is not None and schedule.previous_state_time is not None:
        result["previousState"] = schedule.previous_state
        result["previousStateTransitionTime"] = times.iso(schedule.previous_state_time)
    return result


def _execution_info(schedule: JobSchedule, base_url: str) -> dict[str, Any]:
    info: dict[str, Any] = {}
    if schedule.next_run is not None:
        info["nextRunTime"] = times.iso(schedule.next_run)
    if (job := schedule.recent_job) is not None:
        info["recentJob"] = {"id": job, "url": f"{base_url}/jobs/{job}"}
    if schedule.ended is not None:
        info["endTime"] = times.iso(schedule.ended)
    return info
