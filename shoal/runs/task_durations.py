"""Durations of a job's successful tasks by stage, from a bounded number of requests."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from azure.batch import BatchClient
from azure.batch.models import BatchTask
from azure.core.exceptions import ResourceNotFoundError

from shoal.errors import BadInput
from shoal.runs.job_queries import SUCCEEDED

PAGE = 1000
"""Source: Batch REST, Task - List, `maxresults`: up to 1,000."""
MOST_TASKS = 10 * PAGE
_COLUMNS = ["id", "executionInfo"]


def task_durations(client: BatchClient, job_id: str, stages: Sequence[str]) -> dict[str, list[float]]:
    """Return seconds from start to end, of the first tasks that are listed. Raises BadInput where there is no such job.

    A stage without any successful task is left out.
    """
    try:
        client.get_job(job_id, select=["id"])
    except ResourceNotFoundError as exc:
        raise BadInput(f"there is no job '{job_id}'; `shoal jobs` lists them") from exc
    tasks = client.list_tasks(job_id, filter=SUCCEEDED, select=_COLUMNS, max_results=PAGE)
    found = durations_by_stage(islice(tasks, MOST_TASKS), stages)
    # In a long job, a stage without a sweep may stand behind all that were read.
    for stage in stages:
        if stage not in found:
            found |= durations_by_stage(_single(client, job_id, stage), stages)
    return found


def durations_by_stage(tasks: Iterable[BatchTask], stages: Sequence[str]) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for task in tasks:
        info, stage = task.execution_info, _stage_of(str(task.id), stages)
        if stage is not None and info and info.start_time and info.end_time:
            found.setdefault(stage, []).append((info.end_time - info.start_time).total_seconds())
    return found


def missing_stages(found: Mapping[str, Sequence[float]], stages: Sequence[str]) -> list[str]:
    return [stage for stage in stages if stage not in found]


def _single(client: BatchClient, job_id: str, stage: str) -> Iterator[BatchTask]:
    try:
        task = client.get_task(job_id, stage, select=_COLUMNS)
    except ResourceNotFoundError:
        return
    if task.execution_info and task.execution_info.result == "success":
        yield task


def _stage_of(task_id: str, stages: Sequence[str]) -> str | None:
    """Return the stage with the longest name that fits: `a-b-1` may be a task of `a-b` and of `a`."""
    fitting = [stage for stage in stages if task_id == stage or task_id.startswith(f"{stage}-")]
    return max(fitting, key=len, default=None)
