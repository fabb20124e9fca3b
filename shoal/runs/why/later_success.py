"""Failed tasks of a job that have succeeded since, in a later job of the same run, after `shoal retry`."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING

from azure.batch import BatchClient

from shoal.runs.job_queries import SUCCEEDED, task_key
from shoal.runs.retry.jobs_of_run import jobs_of_run

if TYPE_CHECKING:
    from shoal.runs.listing import TaskRow

LISTED = 1000
"""Succeeded tasks of a later job that are read: one page. Source: Batch REST, List Tasks, maxresults."""
MOST_JOBS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class LaterJobs:
    """The jobs that continue the run of a job."""

    last_id: str | None = None
    """The id of the last one, or None where there is none."""
    succeeded: Mapping[str, str] = field(default_factory=dict)
    """The job in which a task has succeeded, by the task's id in lower case; of large jobs only the first tasks."""


NO_LATER_JOBS = LaterJobs()


def later_jobs(client: BatchClient, job_id: str) -> LaterJobs:
    """Find the jobs that continue the run of this one: three requests, and one for each of the last few."""
    ids = [str(job.id) for job in jobs_of_run(client, job_id).jobs]
    later = ids[_position(job_id, ids) + 1 :][-MOST_JOBS:]
    succeeded: dict[str, str] = {}
    for later_id in later:
        tasks = client.list_tasks(later_id, filter=SUCCEEDED, select=["id"], max_results=LISTED)
        succeeded |= {task_key(task.id): later_id for task in islice(tasks, LISTED)}
    return LaterJobs(last_id=later[-1] if later else None, succeeded=succeeded)


def with_later_success(client: BatchClient, job_id: str, rows: "Iterable[TaskRow]") -> "Iterator[TaskRow]":
    """Say in the reason of each failed task where it has succeeded since."""
    later: LaterJobs | None = None
    for row in rows:
        if row.reason is None:
            yield row
            continue
        later = later_jobs(client, job_id) if later is None else later
        succeeded_in = later.succeeded.get(task_key(row.id))
        yield replace(row, reason=f"{row.reason}; it succeeded since in job {succeeded_in}") if succeeded_in else row


def _position(job_id: str, ids: list[str]) -> int:
    return [one.lower() for one in ids].index(job_id.lower())
