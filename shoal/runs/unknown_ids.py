"""Errors for ids of jobs and tasks that Batch does not have, with the one that was probably meant."""

from collections.abc import Iterable
from itertools import islice

from azure.batch import BatchClient
from azure.core.exceptions import AzureError, ResourceNotFoundError

from shoal.connect import error_code
from shoal.errors import BadInput
from shoal.suggestion import nearest

LIKENESS = 0.85
"""A transposed pair in seven characters. Ids of runs differ in little, so less would suggest any other run."""
READ = 1000
"""Ids that are compared: one page. Source: Batch REST, maxresults."""


def unknown_job(client: BatchClient, job_id: str) -> BadInput:
    """Return the error for a job that Batch does not have."""
    return BadInput(unknown_job_message(client, job_id))


def unknown_job_message(client: BatchClient, job_id: str) -> str:
    if _is_schedule(client, job_id):
        return (
            f"'{job_id}' is a schedule, whose jobs are called {job_id}:job-1 and so on; "
            f"`shoal schedules show {job_id}` lists them, `shoal schedules pause` and `remove` end it"
        )
    return f"there is no job '{job_id}'; {_near(job_id, _jobs(client))}`shoal jobs` lists them"


def _is_schedule(client: BatchClient, job_id: str) -> bool:
    try:
        client.get_job_schedule(job_id, select=["id"])
    except AzureError:
        return False
    return True


def unknown_task(client: BatchClient, job_id: str, task_id: str, exc: ResourceNotFoundError) -> BadInput:
    """Return the error for a task that Batch did not find: its job may be the one that is missing."""
    if error_code(exc) == "JobNotFound":
        return unknown_job(client, job_id)
    near = _near(task_id, _tasks(client, job_id))
    return BadInput(f"job '{job_id}' has no task '{task_id}'; {near}`shoal tasks {job_id}` lists them")


def _near(unknown: str, known: Iterable[str]) -> str:
    try:
        match = nearest(unknown, known, likeness=LIKENESS)
    except AzureError:
        return ""  # the message is worth more than the suggestion
    return f"did you mean {match}? " if match else ""


def _jobs(client: BatchClient) -> Iterable[str]:
    return (str(job.id) for job in islice(client.list_jobs(select=["id"], max_results=READ), READ))


def _tasks(client: BatchClient, job_id: str) -> Iterable[str]:
    return (str(task.id) for task in islice(client.list_tasks(job_id, select=["id"], max_results=READ), READ))
