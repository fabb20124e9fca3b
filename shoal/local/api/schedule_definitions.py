"""Checks requests for job schedules and completes them with Batch's defaults. Pure.

Source: REST reference, JobScheduleConfiguration.
"""

from typing import Any

from shoal.local import errors, times
from shoal.local.api import definitions, job_tasks
from shoal.local.api.shapes import DATA_PLANE
from shoal.local.scheduler.job_schedules import JobScheduleDefinition

JsonObject = dict[str, Any]
SHORTEST = times.MINUTE
"""Of the recurrence interval and of the start window."""


def job_schedule(body: Any, version: str) -> JobScheduleDefinition:
    """Return the definition of a requested schedule. Raises BatchError."""
    DATA_PLANE.normalize("BatchJobScheduleCreateOptions", body, version)
    job_tasks.check_id(body["id"])
    return _complete(body)


def patched(current: JsonObject, body: Any, version: str) -> JobScheduleDefinition:
    """Return the definition after a PATCH, which replaces nested objects as a whole. Raises BatchError."""
    DATA_PLANE.normalize("BatchJobScheduleUpdateOptions", body, version)
    return _complete(current | body)


def replaced(current: JsonObject, body: Any, version: str) -> JobScheduleDefinition:
    """Return the definition after a PUT, which drops the metadata that it leaves out. Raises BatchError."""
    DATA_PLANE.normalize("BatchJobScheduleUpdateOptions", body, version)
    for name in ("schedule", "jobSpecification"):
        if name not in body:
            raise errors.missing_property(name)
    kept = {name: value for name, value in current.items() if name != "metadata"}
    return _complete(kept | body)


def _complete(body: JsonObject) -> JobScheduleDefinition:
    _check_schedule(body["schedule"])
    # A job's definition has an id; those of the schedule's jobs come with the jobs.
    specification = definitions.job_definition({**body["jobSpecification"], "id": body["id"]}).body
    specification = {name: value for name, value in specification.items() if name != "id"}
    return JobScheduleDefinition(id=body["id"], body={**body, "jobSpecification": specification})


def _check_schedule(schedule: JsonObject) -> None:
    for name in ("recurrenceInterval", "startWindow"):
        if name in schedule and times.duration(schedule[name]) < SHORTEST:
            raise errors.invalid_property(f"schedule.{name}", schedule[name], "PT1M or more is expected")
    if "doNotRunUntil" in schedule and "doNotRunAfter" in schedule:
        until, after = (times.moment_of(schedule[name]) for name in ("doNotRunUntil", "doNotRunAfter"))
        if after <= until:
            reason = "it must lie after doNotRunUntil"
            raise errors.invalid_property("schedule.doNotRunAfter", schedule["doNotRunAfter"], reason)
