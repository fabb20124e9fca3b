"""The status of a job's preparation and release tasks on its nodes."""

from typing import Any

from shoal.local import errors, times
from shoal.local.api import jobs, odata
from shoal.local.api.calls import Answer, Call, more_after, page
from shoal.local.api.odata import EQUAL, EQUALITY, Column
from shoal.local.api.tasks import outcome
from shoal.local.node.directories import task_root
from shoal.local.store.job import Job
from shoal.local.store.job_node_task import JobNodeTask
from shoal.local.store.states import JobNodeTaskKind

OF_RELEASE = (
    "(SELECT release.{} FROM job_node_tasks AS release WHERE release.job = job_node_tasks.job"
    f" AND release.kind = '{JobNodeTaskKind.RELEASE}' AND release.node = job_node_tasks.node)"
)


def _columns(task: str, sql: str) -> dict[str, Column]:
    return {
        f"{task}/state": Column(sql.format("state"), "word", EQUAL),
        f"{task}/result": Column(sql.format("result"), "word", EQUALITY),
        f"{task}/exitCode": Column(sql.format("exit_code"), "number"),
        f"{task}/startTime": Column(sql.format("started"), "date"),
        f"{task}/endTime": Column(sql.format("ended"), "date"),
    }


COLUMNS = {
    "nodeId": Column("node", "text", EQUALITY),
    "poolId": Column("pool_id", "text", EQUALITY),
    **_columns("jobPreparationTaskExecutionInfo", "{}"),
    **_columns("jobReleaseTaskExecutionInfo", OF_RELEASE),
}
"""Source: REST reference, "OData filters in Batch", List job preparation and release status, January 2024."""


async def list_job_preparation_and_release_task_status(call: Call) -> Answer:
    job = jobs.find(call)
    if "jobPreparationTask" not in job.body():
        text = "The job has no job preparation task, and so no job release task."
        raise errors.conflict("JobPreparationTaskNotSpecified", text)
    condition, parameters = odata.where(call.query.get("$filter"), COLUMNS)
    size = call.page_size()
    prepared = call.service.read(
        JobNodeTask.from_row,
        f"SELECT * FROM job_node_tasks WHERE job = ? AND kind = ? AND key > ? AND ({condition}) ORDER BY key LIMIT ?",
        job.key,
        JobNodeTaskKind.PREPARATION,
        call.after(),
        *parameters,
        size + 1,
    )
    views = [_view(call, job, task) for task in prepared[:size]]
    return page(call, "jobpreparationandreleasetaskstatuslist", views, more_after(prepared, size))


def _view(call: Call, job: Job, preparation: JobNodeTask) -> dict[str, Any]:
    node = preparation.node
    url = f"{call.base_url}/pools/{preparation.pool_id}/nodes/{node}"
    release = JobNodeTask.of_node(call.service.connection, job.key, JobNodeTaskKind.RELEASE, node)
    view: dict[str, Any] = {"poolId": preparation.pool_id, "nodeId": node, "nodeUrl": url}
    body = job.body()
    retries: dict[str, Any] = {"retryCount": preparation.retry_count}
    if preparation.last_retry is not None:
        retries["lastRetryTime"] = times.iso(preparation.last_retry)
    root = task_root(job.id, body["jobPreparationTask"]["id"])
    view["jobPreparationTaskExecutionInfo"] = _execution_info(preparation, url, root) | retries
    if release is not None:
        root = task_root(job.id, body["jobReleaseTask"]["id"])
        view["jobReleaseTaskExecutionInfo"] = _execution_info(release, url, root)
    return view


def _execution_info(task: JobNodeTask, node_url: str, root: str) -> dict[str, Any]:
    info: dict[str, Any] = {
        "startTime": times.iso(task.started),
        "state": task.state,
        "taskRootDirectory": root,
        "taskRootDirectoryUrl": f"{node_url}/files/{root}",
    }
    if task.ended is not None:
        info["endTime"] = times.iso(task.ended)
    return info | outcome(task)
