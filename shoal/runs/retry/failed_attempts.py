"""Outputs that failed attempts have left: deleted before the next attempt, so that no later stage reads them."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from shoal.connect import Services
from shoal.runs.retry.jobs_of_run import JobsOfRun
from shoal.runs.retry.task_copies import output_prefixes
from shoal.runs.retry.unfinished_work import UnfinishedTask
from shoal.stored_blobs import delete_below

IN_FLIGHT = 8


def delete_outputs(services: Services, run: JobsOfRun, failed: Iterable[UnfinishedTask]) -> None:
    """Delete the outputs of failed tasks in the run's folder; tasks of other clients keep theirs."""
    if run.record is None:
        return
    environment = services.environment
    container = services.blobs.get_container_client(environment.containers.outputs)
    url, folder = f"{environment.blob_endpoint}/{environment.containers.outputs}", run.record.folder(run.first_id)
    prefixes = [prefix for task in failed for prefix in output_prefixes(task.body, url, folder)]
    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        for _ in pool.map(lambda prefix: delete_below(container, prefix), prefixes):
            pass
