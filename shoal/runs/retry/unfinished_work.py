"""The tasks of a run without success, over all of its jobs: in each of them a later attempt counts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from azure.batch import BatchClient
from azure.batch.models import BatchTask

from shoal.runs.exit_conditions import satisfies_dependents
from shoal.runs.job_queries import FAILED, SUCCEEDED, UNFINISHED, task_key
from shoal.runs.retry.jobs_of_run import JobsOfRun


@dataclass(frozen=True, slots=True, kw_only=True)
class UnfinishedTask:
    """A task that failed, or that waited when its job ended."""

    job_id: str
    body: dict[str, Any]
    """The task as Batch returns it."""
    failed: bool
    satisfies: bool = False
    """True if tasks that depend on it may run in spite of its failure."""

    @property
    def id(self) -> str:
        return str(self.body["id"])

    @property
    def exited_with_zero(self) -> bool:
        """True for a task whose command succeeded, and whose outputs could not be uploaded."""
        return self.failed and self.body.get("executionInfo", {}).get("exitCode") == 0

    @property
    def parents(self) -> list[str]:
        return [task_key(parent) for parent in self.body.get("dependsOn", {}).get("taskIds") or ()]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnfinishedWork:
    tasks: dict[str, UnfinishedTask]
    """By id in lower case, without those that still go on."""
    going_on: frozenset[str]
    """Ids, in lower case, of the waiting and running tasks of a job that has not ended."""
    in_last_job: int
    """The number of tasks that the last job has, where it continues an earlier one."""


def unfinished_work(client: BatchClient, run: JobsOfRun) -> UnfinishedWork:
    tasks: dict[str, UnfinishedTask] = {}
    going_on: set[str] = set()
    succeeded: set[str] = set()
    for job in run.jobs:
        job_id = str(job.id)
        if job is not run.jobs[0]:
            succeeded = {task_key(task.id) for task in _list(client, job_id, SUCCEEDED, ["id"])}
        left = _without_success(client, job_id, FAILED)
        if job is run.last and not run.has_ended:
            going_on = {task_key(task.id) for task in _list(client, job_id, UNFINISHED, ["id"])}
        else:
            left |= _without_success(client, job_id, UNFINISHED)
        tasks = {key: task for key, task in (tasks | left).items() if key not in succeeded | going_on}
    return UnfinishedWork(
        tasks=tasks, going_on=frozenset(going_on), in_last_job=len(succeeded) + len(left) + len(going_on)
    )


def _without_success(client: BatchClient, job_id: str, filter_text: str) -> dict[str, UnfinishedTask]:
    return {task_key(task.id): _unfinished(job_id, task) for task in _list(client, job_id, filter_text)}


def _unfinished(job_id: str, task: BatchTask) -> UnfinishedTask:
    failed = task.state == "completed"
    return UnfinishedTask(
        job_id=job_id, body=task.as_dict(), failed=failed, satisfies=failed and satisfies_dependents(task)
    )


def _list(
    client: BatchClient, job_id: str, filter_text: str, columns: Sequence[str] | None = None
) -> Iterator[BatchTask]:
    return iter(client.list_tasks(job_id, filter=filter_text, select=list(columns) if columns else None))
