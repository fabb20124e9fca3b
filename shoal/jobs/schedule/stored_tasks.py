"""The tasks of a schedule's jobs, stored beside the inputs: they do not expire there, as outputs do.

Each blob is the body of one call, `NUMBER-TASKS.json`. The id of the job, which each job has of its own, is a text of
the same length or longer.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from shoal.connect import Services
from shoal.jobs.run_folder import SCHEDULES, run_folders_prefix
from shoal.jobs.submit.collection import collections, encoded

LONGEST_NUMBER = len(":job-") + 10
IN_FLIGHT = 8


def job_placeholder(schedule_id: str, run_id: str) -> str:
    """Return a text that nothing else contains, and in whose place the id of any job of the schedule fits."""
    text = f"job-of-schedule-{run_id}-"
    return text.ljust(len(schedule_id) + LONGEST_NUMBER, "x")


def bodies(tasks: Iterable[dict[str, Any]]) -> Iterator[tuple[str, bytes]]:
    """Return the names and bodies of the calls that add the tasks."""
    for number, chunk in enumerate(collections(encoded(tasks)), start=1):
        yield f"{number:06}-{len(chunk)}.json", b'{"value":[' + b",".join(task.body for task in chunk) + b"]}"


def store_tasks(services: Services, folder: str, tasks: Iterable[dict[str, Any]]) -> int:
    """Store the tasks and return the number of blobs."""
    container = services.blobs.get_container_client(services.environment.containers.inputs)

    def store(body: tuple[str, bytes]) -> None:
        name, content = body
        container.upload_blob(f"{folder}/{name}", content)

    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        return sum(1 for _ in pool.map(store, bodies(tasks)))


def has_stored_tasks(services: Services, folder: str) -> bool:
    """Return True where there are tasks in the folder."""
    container = services.blobs.get_container_client(services.environment.containers.inputs)
    try:
        return any(True for _ in islice(container.list_blobs(name_starts_with=f"{folder}/", results_per_page=1), 1))
    except ResourceNotFoundError:
        return False


def delete_stored_tasks(services: Services, schedule_id: str) -> None:
    """Delete what all definitions of the schedule have stored. Blobs that may not be deleted yet stay."""
    container = services.blobs.get_container_client(services.environment.containers.inputs)
    try:
        for blob in container.list_blobs(name_starts_with=SCHEDULES + run_folders_prefix(schedule_id)):
            container.delete_blob(blob.name)
    except ResourceNotFoundError:
        return
    except HttpResponseError as exc:
        if exc.status_code not in (403, 409):  # the submitter may not, or inputs are immutable for some days
            raise
