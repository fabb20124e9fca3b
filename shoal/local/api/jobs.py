"""Jobs."""

import sqlite3
from typing import Any

import orjson
from azure.batch.models._models import BatchJobTerminateOptions

from shoal.local import errors, times
from shoal.local.api import conditions, definitions, odata, shapes
from shoal.local.api.calls import Answer, Call, accepted, entity, page
from shoal.local.api.odata import ALL, EQUALITY, PREFIX, Column
from shoal.local.api.pools import more_after
from shoal.local.scheduler import jobs
from shoal.local.scheduler.loop import Transaction

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
SUCCEEDED, FAILED = "success", "failure"


async def create_job(call: Call) -> Answer:
    definition = definitions.job(call.body())

    def add(tx: Transaction) -> int:
        jobs.add(tx, call.account, definition)
        return tx.now

    created = await call.service.loop.change(add)
    # Whatever the job's id: Azure keeps it as run `job-1` of a work item, and says so here (seen on the wire).
    return accepted(call, 201, created, "/jobs/job-1")


async def list_jobs(call: Call) -> Answer:
    condition, parameters = odata.where(call.query.get("$filter"), COLUMNS)
    size = call.page_size()
    rows = call.service.read(
        f"SELECT * FROM jobs WHERE account = ? AND key > ? AND ({condition}) ORDER BY key LIMIT ?",
        call.account,
        call.after(),
        *parameters,
        size + 1,
    )
    return page(call, "jobs", [view(row, call.base_url) for row in rows[:size]], more_after(rows, size))


async def get_job(call: Call) -> Answer:
    row = find(call)
    conditions.check(call.method, call.headers, row["last_modified"])
    return entity(call, "jobs", view(row, call.base_url), row["last_modified"])


async def update_job(call: Call) -> Answer:
    body = call.body()

    def update(tx: Transaction) -> int:
        job = jobs.by_id(tx, call.account, call["job_id"])
        conditions.check(call.method, call.headers, job["last_modified"])
        jobs.redefine(tx, job, definitions.patched_job(orjson.loads(job["definition"]), body))
        return tx.now

    return accepted(call, 200, await call.service.loop.change(update))


async def delete_job(call: Call) -> Answer:
    def delete(tx: Transaction) -> None:
        job = jobs.by_id(tx, call.account, call["job_id"])
        conditions.check(call.method, call.headers, job["last_modified"])
        jobs.begin_delete(tx, job)

    await call.service.loop.change(delete)
    return accepted(call, 202)


async def terminate_job(call: Call) -> Answer:
    body = call.body()
    shapes.normalize(BatchJobTerminateOptions, body)

    def terminate(tx: Transaction) -> int:
        job = jobs.by_id(tx, call.account, call["job_id"])
        conditions.check(call.method, call.headers, job["last_modified"])
        jobs.require_active(job)
        jobs.terminate(tx, job["key"], reason=body.get("terminateReason") or "UserTerminate")
        return int(job["last_modified"])

    return accepted(call, 202, await call.service.loop.change(terminate), f"/jobs/{call['job_id']}/terminate")


async def get_job_task_counts(call: Call) -> Answer:
    job = find(call)
    tasks = dict.fromkeys(("active", "running", "completed", "succeeded", "failed"), 0)
    slots = dict(tasks)
    for row in call.service.read("SELECT * FROM task_counts WHERE job = ?", job["key"]):
        outcome = {SUCCEEDED: ["succeeded"], FAILED: ["failed"]}.get(row["result"], [])
        for name in ("active" if row["state"] == "blocked" else row["state"], *outcome):
            tasks[name] += row["tasks"]
            slots[name] += row["slots"]
    return Answer(content=orjson.dumps({"taskCounts": tasks, "taskSlotCounts": slots}))


def find(call: Call) -> sqlite3.Row:
    rows = call.service.read("SELECT * FROM jobs WHERE account = ? AND id = ?", call.account, call["job_id"])
    if not rows:
        raise errors.not_found("Job")
    return rows[0]


def view(row: sqlite3.Row, base_url: str) -> dict[str, Any]:
    execution = {"startTime": times.iso(row["created"]), "poolId": row["pool_id"]}
    if row["ended"] is not None:
        execution |= {"endTime": times.iso(row["ended"]), "terminateReason": row["terminate_reason"]}
    result = {
        **orjson.loads(row["definition"]),
        "id": row["id"],
        "url": f"{base_url}/jobs/{row['id']}",
        "eTag": times.etag(row["last_modified"]),
        "lastModified": times.iso(row["last_modified"]),
        "creationTime": times.iso(row["created"]),
        "state": row["state"],
        "stateTransitionTime": times.iso(row["state_time"]),
        "executionInfo": execution,
    }
    if row["previous_state"] is not None:
        result["previousState"] = row["previous_state"]
        result["previousStateTransitionTime"] = times.iso(row["previous_state_time"])
    return result
