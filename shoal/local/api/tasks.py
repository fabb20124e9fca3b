"""Tasks."""

import sqlite3
from typing import Any

import orjson

from shoal.local import errors, times
from shoal.local.api import conditions, definitions, odata
from shoal.local.api.calls import Answer, Call, accepted, entity, page
from shoal.local.api.jobs import find as find_job
from shoal.local.api.odata import ALL, EQUALITY, PREFIX, Column
from shoal.local.api.pools import more_after, require_packages
from shoal.local.scheduler import jobs, tasks
from shoal.local.scheduler.loop import Transaction

MOST_IN_A_COLLECTION = 100

COLUMNS = {
    "id": Column("id", "text", ALL | {PREFIX}),
    "state": Column("state", "word", EQUALITY),
    "stateTransitionTime": Column("state_time", "date"),
    "creationTime": Column("created", "date"),
    "lastModifiedTime": Column("last_modified", "date"),
    "executionInfo/startTime": Column("started", "date"),
    "executionInfo/endTime": Column("ended", "date"),
    "executionInfo/exitCode": Column("exit_code", "number"),
    "executionInfo/result": Column("result", "word", EQUALITY),
}


async def create_task(call: Call) -> Answer:
    definition = definitions.task(call.body(), orjson.loads(find_job(call)["definition"]))

    def add(tx: Transaction) -> int:
        (failure,) = _add(tx, call, [definition])
        if failure is not None:
            raise failure
        return tx.now

    created = await call.service.loop.change(add)
    return accepted(call, 201, created, f"/jobs/{call['job_id']}/tasks/{definition.id}")


async def create_task_collection(call: Call) -> Answer:
    """Each task is added or refused for itself; the answer is 200 whatever became of them."""
    bodies = _collection(call.body())
    job_body = orjson.loads(find_job(call)["definition"])
    checked = [_checked(body, job_body) for body in bodies]
    good = [item for item in checked if isinstance(item, tasks.Definition)]

    def add(tx: Transaction) -> tuple[int, list[errors.BatchError | None]]:
        return tx.now, _add(tx, call, good)

    created, outcomes = await call.service.loop.change(add)
    remaining = iter(outcomes)
    results = []
    for body, item in zip(bodies, checked, strict=True):
        failure = next(remaining) if isinstance(item, tasks.Definition) else item
        results.append(_result(call, body, created, failure))
    return Answer(
        content=orjson.dumps({"odata.metadata": f"{call.base_url}/$metadata#taskaddresult", "value": results})
    )


def _collection(body: Any) -> list[Any]:
    if not isinstance(body, dict):
        raise errors.invalid_request_body("a JSON object is expected")
    if unknown := body.keys() - {"value"}:
        raise errors.unsupported_property(min(unknown))
    bodies = body.get("value")
    if bodies is None:
        raise errors.missing_property("value")
    if not isinstance(bodies, list):
        raise errors.invalid_property("value", bodies, "an array is expected")
    if not 1 <= len(bodies) <= MOST_IN_A_COLLECTION:
        raise errors.invalid_property("value", len(bodies), f"1 to {MOST_IN_A_COLLECTION} tasks are allowed")
    return bodies


def _checked(body: Any, job_body: dict[str, Any]) -> tasks.Definition | errors.BatchError:
    try:
        return definitions.task(body, job_body)
    except errors.BatchError as exc:
        return exc


def _add(tx: Transaction, call: Call, wanted: list[tasks.Definition]) -> list[errors.BatchError | None]:
    job = jobs.by_id(tx, call.account, call["job_id"])
    jobs.require_active(job)
    faults = [_package_fault(tx, call.account, definition) for definition in wanted]
    added = iter(tasks.add(tx, job, [d for d, fault in zip(wanted, faults, strict=True) if fault is None]))
    return [next(added) if fault is None else fault for fault in faults]


def _package_fault(tx: Transaction, account: str, definition: tasks.Definition) -> errors.BatchError | None:
    try:
        require_packages(tx, account, definition.body)
    except errors.BatchError as exc:
        return exc
    return None


def _result(call: Call, body: Any, created: int, failure: errors.BatchError | None) -> dict[str, Any]:
    task_id = body.get("id", "") if isinstance(body, dict) else ""
    if failure is None:
        return {
            "status": "success",
            "taskId": task_id,
            "eTag": times.etag(created),
            "lastModified": times.iso(created),
            "location": f"{call.base_url}/jobs/{call['job_id']}/tasks/{task_id}",
        }
    values = [{"key": key, "value": value} for key, value in failure.values.items()]
    error = {"code": failure.code, "message": {"lang": "en-US", "value": failure.message}, "values": values}
    return {"status": "servererror" if failure.status >= 500 else "clienterror", "taskId": task_id, "error": error}


async def list_tasks(call: Call) -> Answer:
    job = find_job(call)
    condition, parameters = odata.where(call.query.get("$filter"), COLUMNS)
    size = call.page_size()
    rows = call.service.read(
        f"SELECT * FROM tasks WHERE job = ? AND key > ? AND ({condition}) ORDER BY key LIMIT ?",
        job["key"],
        call.after(),
        *parameters,
        size + 1,
    )
    views = [view(row, job, call.base_url) for row in rows[:size]]
    return page(call, "tasks", views, more_after(rows, size))


async def get_task(call: Call) -> Answer:
    job, row = find(call)
    conditions.check(call.method, call.headers, row["last_modified"])
    return entity(call, "tasks", view(row, job, call.base_url), row["last_modified"])


async def delete_task(call: Call) -> Answer:
    def delete(tx: Transaction) -> None:
        job = jobs.by_id(tx, call.account, call["job_id"])
        conditions.check(call.method, call.headers, tasks.by_id(tx, job["key"], call["task_id"])["last_modified"])
        tasks.delete(tx, job, call["task_id"])
        jobs.complete_if_done(tx, job["key"])

    await call.service.loop.change(delete)
    return Answer(status=200)


async def terminate_task(call: Call) -> Answer:
    def terminate(tx: Transaction) -> int:
        job = jobs.by_id(tx, call.account, call["job_id"])
        last_modified = int(tasks.by_id(tx, job["key"], call["task_id"])["last_modified"])
        conditions.check(call.method, call.headers, last_modified)
        tasks.terminate(tx, job["key"], call["task_id"])
        jobs.complete_if_done(tx, job["key"])
        return last_modified

    return accepted(call, 204, await call.service.loop.change(terminate))


async def reactivate_task(call: Call) -> Answer:
    def reactivate(tx: Transaction) -> int:
        job = jobs.by_id(tx, call.account, call["job_id"])
        jobs.require_active(job)
        last_modified = int(tasks.by_id(tx, job["key"], call["task_id"])["last_modified"])
        conditions.check(call.method, call.headers, last_modified)
        tasks.reactivate(tx, job, call["task_id"])
        return last_modified

    return accepted(call, 204, await call.service.loop.change(reactivate))


def find(call: Call) -> tuple[sqlite3.Row, sqlite3.Row]:
    job = find_job(call)
    rows = call.service.read("SELECT * FROM tasks WHERE job = ? AND id = ?", job["key"], call["task_id"])
    if not rows:
        raise errors.not_found("Task")
    return job, rows[0]


def view(row: sqlite3.Row, job: sqlite3.Row, base_url: str) -> dict[str, Any]:
    definition = orjson.loads(row["definition"])
    result = {
        **definition,
        "constraints": definition["constraints"] | {"maxTaskRetryCount": row["max_retries"]},
        "id": row["id"],
        "url": f"{base_url}/jobs/{job['id']}/tasks/{row['id']}",
        "eTag": times.etag(row["last_modified"]),
        "lastModified": times.iso(row["last_modified"]),
        "creationTime": times.iso(row["created"]),
        "state": row["state"],
        "stateTransitionTime": times.iso(row["state_time"]),
        "executionInfo": _execution_info(row),
    }
    if row["previous_state"] is not None:
        result["previousState"] = row["previous_state"]
        result["previousStateTransitionTime"] = times.iso(row["previous_state_time"])
    if row["node"] is not None and row["state"] != "active":
        result["nodeInfo"] = _node_info(row, job, base_url)
    return result


def _execution_info(row: sqlite3.Row) -> dict[str, Any]:
    info: dict[str, Any] = {"retryCount": row["retry_count"], "requeueCount": row["requeue_count"]}
    moments = {"lastRetryTime": row["last_retry"], "lastRequeueTime": row["last_requeue"]}
    if row["state"] != "active":
        moments |= {"startTime": row["started"], "endTime": row["ended"]}
    info |= {name: times.iso(moment) for name, moment in moments.items() if moment is not None}
    for name, column in (("exitCode", "exit_code"), ("result", "result")):
        if row[column] is not None:
            info[name] = row[column]
    if row["failure"] is not None:
        info["failureInfo"] = orjson.loads(row["failure"])
    return info


def _node_info(row: sqlite3.Row, job: sqlite3.Row, base_url: str) -> dict[str, str]:
    node_url = f"{base_url}/pools/{job['pool_id']}/nodes/{row['node']}"
    root = f"workitems/{job['id']}/job-1/{row['id']}"
    return {
        "affinityId": f"TVM:{row['node']}",
        "nodeUrl": node_url,
        "poolId": job["pool_id"],
        "nodeId": row["node"],
        "taskRootDirectory": root,
        "taskRootDirectoryUrl": f"{node_url}/files/{root}",
    }
