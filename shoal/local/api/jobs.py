"""Operations on jobs."""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

import orjson

from shoal.local import chaos, errors, times
from shoal.local.api import conditions, definitions, odata, statistics
from shoal.local.api.calls import Answer, Call, accepted, context, entity, more_after, page
from shoal.local.api.changes import change
from shoal.local.api.container_settings import without_passwords_of_auto_pool
from shoal.local.api.odata import ALL, EQUALITY, PREFIX, Column
from shoal.local.api.pools import require_packages
from shoal.local.api.shapes import DATA_PLANE
from shoal.local.scheduler import auto_pools, job_lifecycle
from shoal.local.scheduler.loop import Transaction
from shoal.local.store.job import Job
from shoal.local.store.states import CountedState, DisableJobOption, JobState, TaskResult
from shoal.local.store.task_count import TaskCount

COLUMNS = {
    "id": Column("id", "text", ALL | {PREFIX}),
    "state": Column("state", "word", EQUALITY),
    "stateTransitionTime": Column("state_time", "date"),
    "creationTime": Column("created", "date"),
    "lastModified": Column("last_modified", "date"),
    "executionInfo/poolId": Column("pool_id", "text", ALL | {PREFIX}),
    "executionInfo/startTime": Column("created", "date"),
    "executionInfo/endTime": Column("ended", "date"),
}
WITH_SLOT_COUNTS = "2020-09-01"
"""The first api-version whose counts are of two kinds. Source: the change log of azure-batch 10.0.0."""
COUNTED = ("active", "running", "completed", "succeeded", "failed")
"""Names of the counts on the wire."""
COUNTED_AS = {CountedState.BLOCKED: CountedState.ACTIVE, CountedState.PREPARING: CountedState.RUNNING}
"""States that have no count of their own there."""


async def create_job(call: Call) -> Answer:
    definition = definitions.job(call.body(), call.version)

    def add(tx: Transaction) -> int:
        if (manager := definition.manager) is not None:
            require_packages(tx, call.account, manager.task.body)
        if (specification := definition.auto_pool) is not None:
            require_packages(tx, call.account, specification["pool"])
        auto_pools.add_job(tx, call.account, definition)
        return tx.now

    created = await call.service.loop.change(add)
    # Whatever the job's id: Azure keeps it as run `job-1` of a work item, and says so here (seen on the wire).
    return accepted(call, 201, created, "/jobs/job-1")


async def list_jobs(call: Call) -> Answer:
    condition, parameters = odata.where(call.query.get("$filter"), COLUMNS)
    size = call.page_size()
    jobs_read = call.service.read(
        Job.from_row,
        f"SELECT * FROM jobs WHERE account = ? AND key > ? AND ({condition}) ORDER BY key LIMIT ?",
        call.account,
        call.after(),
        *parameters,
        size + 1,
    )
    return await job_page(call, jobs_read, size)


async def job_page(call: Call, jobs_read: Sequence[Job], size: int) -> Answer:
    """Answer with one page of jobs, of which one more than the page holds was read where others follow."""
    views = [view(job, call.base_url) for job in jobs_read[:size]]
    await statistics.add_to_jobs(
        call, [statistics.Entity(job.key, job.created, shown) for job, shown in zip(jobs_read, views, strict=False)]
    )
    return page(call, "jobs", views, more_after(jobs_read, size))


async def get_job(call: Call) -> Answer:
    job = find(call)
    conditions.check(call.method, call.headers, job.last_modified)
    shown = view(job, call.base_url)
    await statistics.add_to_jobs(call, [statistics.Entity(job.key, job.created, shown)])
    return entity(call, "jobs", shown, job.last_modified)


async def update_job(call: Call) -> Answer:
    return await _redefine(call, definitions.patched_job)


async def replace_job(call: Call) -> Answer:
    return await _redefine(call, definitions.replaced_job)


async def _redefine(call: Call, changed: Callable[[dict[str, Any], Any, str], job_lifecycle.JobDefinition]) -> Answer:
    body = call.body()

    def redefine(tx: Transaction, job: Job) -> None:
        definition = changed(job.body(), body, call.version)
        _check_pool(job, definition)
        job_lifecycle.redefine(tx, job, definition)

    return accepted(call, 200, await change(call, find, redefine))


def _check_pool(job: Job, definition: job_lifecycle.JobDefinition) -> None:
    """Raises BatchError where the job gets another pool while it is not disabled."""
    if job.state is not JobState.DISABLED and not definitions.same_pool(job.body(), definition.body):
        reason = "The pool of a job may change only while it is disabled."
        raise errors.conflict("OperationInvalidForCurrentState", reason)


async def disable_job(call: Call) -> Answer:
    body = call.body()
    DATA_PLANE.normalize("BatchJobDisableOptions", body, call.version)
    option = DisableJobOption(body["disableTasks"])

    disabled = await change(call, find, lambda tx, job: job_lifecycle.begin_disable(tx, job, option))
    return accepted(call, 202, disabled, call.path)


async def enable_job(call: Call) -> Answer:
    return accepted(call, 202, await change(call, find, job_lifecycle.enable), call.path)


async def delete_job(call: Call) -> Answer:
    await change(call, find, lambda tx, job: job_lifecycle.begin_delete(tx, job, force=call.flag("force")))
    return accepted(call, 202)


async def terminate_job(call: Call) -> Answer:
    body = call.body()
    DATA_PLANE.normalize("BatchJobTerminateOptions", body, call.version)

    def terminate(tx: Transaction) -> int:
        job = find(call)
        conditions.check(call.method, call.headers, job.last_modified)
        job_lifecycle.require_live(job)
        job_lifecycle.terminate(tx, job.key, reason=body.get("terminateReason") or "UserTerminate")
        return job.last_modified

    return accepted(call, 202, await call.service.loop.change(terminate), f"/jobs/{call['job_id']}/terminate")


async def get_job_task_counts(call: Call) -> Answer:
    tasks = dict.fromkeys(COUNTED, 0)
    slots = dict(tasks)
    for count in _counts(call.service.connection, find(call).key):
        for name in _counted_as(count):
            tasks[name] += count.tasks
            slots[name] += count.slots
    if call.version < WITH_SLOT_COUNTS:
        return Answer(content=orjson.dumps({"odata.metadata": context(call, "taskcounts/@Element"), **tasks}))
    metadata = context(call, "taskcountsresult/@Element")
    return Answer(content=orjson.dumps({"odata.metadata": metadata, "taskCounts": tasks, "taskSlotCounts": slots}))


def _counts(connection: sqlite3.Connection, job: int) -> list[TaskCount]:
    """Return the counts as clients see them, which may be those of a moment ago."""
    if lag := times.of_seconds(chaos.load(connection).task_count_lag_seconds):
        return TaskCount.of_job_at(connection, job, times.now() - lag)
    return TaskCount.of_job(connection, job)


def _counted_as(count: TaskCount) -> list[str]:
    """Return the names under which clients read the count."""
    outcome = {TaskResult.SUCCESS: ["succeeded"], TaskResult.FAILURE: ["failed"], None: []}[count.result]
    return [COUNTED_AS.get(count.state, count.state), *outcome]


def find(call: Call) -> Job:
    """Return the job of the call. Raises BatchError JobNotFound."""
    return Job.require(call.service.connection, call.account, call["job_id"])


def view(job: Job, base_url: str) -> dict[str, Any]:
    """Return the job as clients read it."""
    execution = {"startTime": times.iso(job.created), "poolId": job.pool_id}
    if job.ended is not None:
        execution["endTime"] = times.iso(job.ended)
    if job.terminate_reason is not None:
        execution["terminateReason"] = job.terminate_reason
    result = {
        **without_passwords_of_auto_pool(job.body()),
        "id": job.id,
        "url": f"{base_url}/jobs/{job.id}",
        "eTag": times.etag(job.last_modified),
        "lastModified": times.iso(job.last_modified),
        "creationTime": times.iso(job.created),
        "state": job.state,
        "stateTransitionTime": times.iso(job.state_time),
        "executionInfo": execution,
    }
    if job.previous_state is not None and job.previous_state_time is not None:
        result["previousState"] = job.previous_state
        result["previousStateTransitionTime"] = times.iso(job.previous_state_time)
    return result
