"""Operations on tasks."""

from typing import Any

import orjson

from shoal.local import chaos, errors, times
from shoal.local.api import conditions, definitions, odata, statistics
from shoal.local.api.calls import Answer, Call, accepted, context, entity, more_after, page
from shoal.local.api.jobs import find as find_job
from shoal.local.api.odata import ALL, EQUALITY, PREFIX, Column
from shoal.local.api.pools import require_packages
from shoal.local.node.directories import task_root
from shoal.local.scheduler import job_lifecycle, task_lifecycle
from shoal.local.scheduler.loop import Transaction
from shoal.local.store.job import Job
from shoal.local.store.job_node_task import JobNodeTask
from shoal.local.store.job_pools import JobPools
from shoal.local.store.states import TaskState
from shoal.local.store.subtask import Subtask
from shoal.local.store.task import Task, tasks_at

MOST_IN_A_COLLECTION = 100
STATUS_IN_SMALL_LETTERS = "2024-07-01"
"""The first api-version of azure-batch 15, whose create_tasks hides failures with a status in other letters."""

KEYS = "SELECT key FROM tasks WHERE job = ?1 AND id >= ? AND id < ?"
"""The first parameter of the whole query is the job's key."""
COLUMNS = {
    "id": Column("id", "text", ALL | {PREFIX}, keys=KEYS),
    "state": Column("state", "word", EQUALITY),
    "stateTransitionTime": Column("state_time", "date"),
    "creationTime": Column("created", "date"),
    "lastModifiedTime": Column("last_modified", "date"),
    "executionInfo/startTime": Column("started", "date"),
    "executionInfo/endTime": Column("ended", "date"),
    "executionInfo/exitCode": Column("exit_code", "number", usual=0),
    "executionInfo/result": Column("result", "word", EQUALITY, usual="success"),
}


async def create_task(call: Call) -> Answer:
    definition = definitions.task(call.body(), find_job(call).body(), call.version)

    def add(tx: Transaction) -> int:
        (failure,) = _add(tx, call, [definition])
        if failure is not None:
            raise failure
        return tx.now

    created = await call.service.loop.change(add)
    return accepted(call, 201, created, f"/jobs/{call['job_id']}/tasks/{definition.id}")


async def create_task_collection(call: Call) -> Answer:
    """Add or refuse each task for itself; the answer is 200 in any case."""
    bodies = _collection(call.body())
    job_body = find_job(call).body()
    checked = [_checked(body, job_body, call.version) for body in bodies]
    good = [item for item in checked if isinstance(item, task_lifecycle.TaskDefinition)]

    def add(tx: Transaction) -> tuple[int, list[errors.BatchError | None]]:
        return tx.now, _add(tx, call, good)

    created, outcomes = await call.service.loop.change(add)
    remaining = iter(outcomes)
    version, url = _version(created), f"{call.base_url}/jobs/{call['job_id']}/tasks"
    results = []
    for body, item in zip(bodies, checked, strict=True):
        failure = next(remaining) if isinstance(item, task_lifecycle.TaskDefinition) else item
        results.append(_added(body["id"], url, version) if failure is None else _refused(call, body, failure))
    return Answer(content=orjson.dumps({"odata.metadata": context(call, "taskaddresult"), "value": results}))


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


def _checked(body: Any, job_body: dict[str, Any], version: str) -> task_lifecycle.TaskDefinition | errors.BatchError:
    try:
        return definitions.task(body, job_body, version)
    except errors.BatchError as exc:
        return exc


def _add(tx: Transaction, call: Call, requested: list[task_lifecycle.TaskDefinition]) -> list[errors.BatchError | None]:
    job = find_job(call)
    job_lifecycle.require_live(job)
    faults = [_package_fault(tx, call.account, definition) for definition in requested]
    added = iter(task_lifecycle.add(tx, job, [d for d, fault in zip(requested, faults, strict=True) if fault is None]))
    return [next(added) if fault is None else fault for fault in faults]


def _package_fault(
    tx: Transaction, account: str, definition: task_lifecycle.TaskDefinition
) -> errors.BatchError | None:
    try:
        require_packages(tx, account, definition.body)
    except errors.BatchError as exc:
        return exc
    return None


def _version(created: int) -> dict[str, str]:
    """Return what the results of all tasks that were added have in common."""
    return {"status": "Success", "eTag": times.etag(created), "lastModified": times.iso(created)}


def _added(task_id: str, url: str, version: dict[str, str]) -> dict[str, str]:
    return {**version, "taskId": task_id, "location": f"{url}/{task_id}"}


def _refused(call: Call, body: Any, failure: errors.BatchError) -> dict[str, Any]:
    task_id = body.get("id", "") if isinstance(body, dict) else ""
    values = [{"key": key, "value": value} for key, value in failure.values.items()]
    message = {"lang": "en-US", "value": errors.stamped(failure.message, call.request_id)}
    error = {"code": failure.code, "message": message, "values": values}
    return {"status": _failed_status(call, failure), "taskId": task_id, "error": error}


def _failed_status(call: Call, failure: errors.BatchError) -> str:
    """Return the status of a task that was not added.

    Source: the REST reference of 2016; `Success` is recorded, a failure is not. Azure's client of today compares with
    the words in small letters, and takes any other one for a task that was added. It sends tasks with a server's error
    again without end, so what this service will never take is the client's.
    """
    status = "ServerError" if failure.status >= 500 and failure.status != errors.NOT_IMPLEMENTED else "ClientError"
    return status.lower() if call.version >= STATUS_IN_SMALL_LETTERS else status


async def list_tasks(call: Call) -> Answer:
    job = find_job(call)
    condition, parameters = odata.where(call.query.get("$filter"), COLUMNS)
    size = call.page_size()
    # Apart: a filter may have to look at every task of the job.
    tasks_read = await call.service.read_apart(
        Task.from_row,
        f"SELECT * FROM {_shown(call)} WHERE job = ?1 AND key > ? AND ({condition}) ORDER BY key LIMIT ?",
        job.key,
        call.after(),
        *parameters,
        size + 1,
    )
    pools = JobPools.of(call.service.connection, job)
    views = [view(task, job, pools, call.base_url) for task in tasks_read[:size]]
    if statistics.wanted(call):
        for task, shown in zip(tasks_read, views, strict=False):
            statistics.add_to_task(call, task, shown)
    return page(call, "tasks", views, more_after(tasks_read, size))


def _shown(call: Call) -> str:
    """Return the table of tasks as clients see them, which may be behind by a moment."""
    lag = times.of_seconds(chaos.load(call.service.connection).task_lag_seconds)
    return tasks_at(times.now() - lag) if lag else "tasks"


async def get_task(call: Call) -> Answer:
    job = find_job(call)
    task = Task.require(call.service.connection, job.key, call["task_id"], table=_shown(call))
    conditions.check(call.method, call.headers, task.last_modified)
    shown = view(task, job, JobPools.of(call.service.connection, job), call.base_url)
    statistics.add_to_task(call, task, shown)
    return entity(call, "tasks", shown, task.last_modified)


async def replace_task(call: Call) -> Answer:
    constraints = definitions.task_constraints(call.body(), call.version)

    def replace(tx: Transaction) -> int:
        job, task = find(call)
        conditions.check(call.method, call.headers, task.last_modified)
        task_lifecycle.constrain(tx, job, task, constraints)
        return tx.now

    return accepted(call, 200, await call.service.loop.change(replace))


async def delete_task(call: Call) -> Answer:
    def delete(tx: Transaction) -> None:
        job, task = find(call)
        conditions.check(call.method, call.headers, task.last_modified)
        task_lifecycle.delete(tx, job, task)
        job_lifecycle.complete_if_done(tx, job.key)

    await call.service.loop.change(delete)
    return Answer(status=200)


async def terminate_task(call: Call) -> Answer:
    def terminate(tx: Transaction) -> int:
        job, task = find(call)
        conditions.check(call.method, call.headers, task.last_modified)
        task_lifecycle.terminate(tx, task)
        job_lifecycle.complete_if_done(tx, job.key)
        return task.last_modified

    return accepted(call, 204, await call.service.loop.change(terminate))


async def reactivate_task(call: Call) -> Answer:
    def reactivate(tx: Transaction) -> int:
        job, task = find(call)
        job_lifecycle.require_live(job)
        conditions.check(call.method, call.headers, task.last_modified)
        task_lifecycle.reactivate(tx, job, task)
        return task.last_modified

    return accepted(call, 204, await call.service.loop.change(reactivate))


def find(call: Call) -> tuple[Job, Task]:
    """Return the task of the call, and its job. Raises BatchError JobNotFound, TaskNotFound."""
    job = find_job(call)
    return job, Task.require(call.service.connection, job.key, call["task_id"])


def view(task: Task, job: Job, pools: JobPools, base_url: str) -> dict[str, Any]:
    """Return the task as clients read it."""
    body = task.body()
    result = {
        **body,
        "constraints": body["constraints"] | {"maxTaskRetryCount": task.max_retries},
        "id": task.id,
        "url": f"{base_url}/jobs/{job.id}/tasks/{task.id}",
        "eTag": times.etag(task.last_modified),
        "lastModified": times.iso(task.last_modified),
        "creationTime": times.iso(task.created),
        "state": task.state,
        "stateTransitionTime": times.iso(task.state_time),
        "executionInfo": execution_info(task),
    }
    if task.previous_state is not None and task.previous_state_time is not None:
        result["previousState"] = task.previous_state
        result["previousStateTransitionTime"] = times.iso(task.previous_state_time)
    if task.node is not None and task.state is not TaskState.ACTIVE:
        result["nodeInfo"] = node_info(task.node, task, job, pools, base_url)
    return result


def execution_info(task: Task) -> dict[str, Any]:
    info: dict[str, Any] = {"retryCount": task.retry_count, "requeueCount": task.requeue_count}
    moments = {"lastRetryTime": task.last_retry, "lastRequeueTime": task.last_requeue}
    if task.state not in (TaskState.ACTIVE, TaskState.PREPARING):
        moments |= {"startTime": task.started, "endTime": task.ended}
    info |= {name: times.iso(moment) for name, moment in moments.items() if moment is not None}
    return info | outcome(task)


def outcome(task: Task | JobNodeTask | Subtask) -> dict[str, Any]:
    """Return how the process of a task ended, as far as it has."""
    result: dict[str, Any] = {}
    if task.exit_code is not None:
        result["exitCode"] = task.exit_code
    if task.result is not None:
        result["result"] = task.result
    if task.failure is not None:
        result["failureInfo"] = orjson.loads(task.failure)
    return result


def node_info(node: str, task: Task, job: Job, pools: JobPools, base_url: str) -> dict[str, str]:
    """Return where a task, or one of its subtasks, runs or has run."""
    pool_id = pools.at(task.state_time if task.started is None else task.started)
    node_url = f"{base_url}/pools/{pool_id}/nodes/{node}"
    root = task_root(job.id, task.id)
    return {
        "affinityId": f"TVM:{node}",
        "nodeUrl": node_url,
        "poolId": pool_id,
        "nodeId": node,
        "taskRootDirectory": root,
        "taskRootDirectoryUrl": f"{node_url}/files/{root}",
    }
