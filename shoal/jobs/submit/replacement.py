"""Delete the tasks of changed stages that have not begun, so that they can be added with their new content."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from azure.batch import BatchClient
from azure.core.exceptions import ResourceNotFoundError

from shoal.jobs.binding.bound_job import BoundJob
from shoal.jobs.submit.changes import is_of_stage
from shoal.jobs.tasks.task_bodies import stage_tasks

IN_FLIGHT = 8
WAITING = "state eq 'active'"


def delete_waiting(client: BatchClient, job: BoundJob, changed: Sequence[str]) -> int:
    """Delete them and return their number. One that begins at this moment is ended, and runs again as a new task."""
    return len(delete_replaced(client, job.job_file.job_id, job, changed, filter_text=WAITING))


def delete_replaced(
    client: BatchClient, job_id: str, job: BoundJob, changed: Sequence[str], *, filter_text: str
) -> set[str]:
    """Delete the tasks of changed stages that match the filter from a job in Batch, and return their ids."""
    unchanged = {task["id"] for stage in job.ready_stages if stage.name not in changed for task in stage_tasks(stage)}
    ids = [str(task.id) for task in client.list_tasks(job_id, filter=filter_text, select=["id"])]
    replaced = [task for task in ids if task not in unchanged and any(is_of_stage(task, stage) for stage in changed)]
    delete_tasks(client, job_id, replaced)
    return set(replaced)


def delete_tasks(client: BatchClient, job_id: str, task_ids: Iterable[str]) -> None:
    """Delete tasks of a job; those that are gone are as good as deleted."""

    def delete(task_id: str) -> None:
        with suppress(ResourceNotFoundError):
            client.delete_task(job_id, task_id)

    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        for _ in pool.map(delete, task_ids):
            pass
