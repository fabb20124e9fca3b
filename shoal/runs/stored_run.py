"""Find the folder in which a run's outputs and logs are stored, also when its job is gone."""

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from azure.core.exceptions import ResourceNotFoundError

from shoal.connect import Services
from shoal.errors import BadInput
from shoal.jobs.run_folder import run_folder, run_folders_prefix
from shoal.jobs.run_record import from_metadata
from shoal.runs.unknown_ids import unknown_job_message

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

SHOWN_RUNS = 20


class NoSuchJob(BadInput):
    """Batch does not have the job, and nothing is stored of it."""


def folder_of_run(services: Services, job_id: str, run_id: str | None = None) -> str:
    """Return the folder of the job's run; of a job that is gone, that of the only run that has left something.

    Raises BadInput where there is no such job or run, or where several runs are left.
    """
    left = folders_left(services, job_id)
    if run_id is not None:
        folder = run_folder(job_id, run_id)
        if folder not in left:
            raise BadInput(f"nothing is stored of run '{run_id}' of job '{job_id}'; {_runs(left)}")
        return folder
    if (current := folder_in_batch(services, job_id)) is not None:
        return current
    if len(left) > 1:
        raise BadInput(f"job '{job_id}' is not in Batch any more, and {_runs(left)}; choose one with --run RUN")
    if not left:
        raise NoSuchJob(unknown_job_message(services.batch, job_id))
    return left[0]


def folder_in_batch(services: Services, job_id: str) -> str | None:
    """Return the folder of the run whose job is in Batch, or None."""
    try:
        job = services.batch.get_job(job_id)
    except ResourceNotFoundError:
        return None
    record = from_metadata(job.metadata)
    # The id as Batch keeps it: ids are compared without case, and names of blobs are not. A job that another client
    # made has no run id.
    return str(job.id) if record is None else record.folder(str(job.id))


def folders_left(services: Services, job_id: str) -> list[str]:
    """Return the folders of the job's runs that hold outputs or logs, whether or not Batch still has the job."""
    containers = services.environment.containers
    found: dict[str, None] = {}
    for name in (containers.outputs, containers.logs):
        container = services.blobs.get_container_client(name)
        found |= dict.fromkeys(_folders(container, run_folders_prefix(job_id)))
        found |= dict.fromkeys(_folders(container, f"{job_id}/"))
    return list(found)


def _folders(container: "ContainerClient", prefix: str) -> Iterator[str]:
    from azure.storage.blob import BlobPrefix

    try:
        if prefix.endswith("/"):  # the folder of a job that another client made
            yield from (prefix.rstrip("/") for _ in islice(container.list_blobs(name_starts_with=prefix), 1))
        else:
            walked = container.walk_blobs(name_starts_with=prefix, delimiter="/")
            yield from (str(item.name).rstrip("/") for item in walked if isinstance(item, BlobPrefix))
    except ResourceNotFoundError:
        return  # no such container


def _runs(folders: list[str]) -> str:
    if not folders:
        return "no run of it has left outputs or logs"
    names = [folder.partition(".")[2] or "(without id)" for folder in folders]
    more = "" if len(names) <= SHOWN_RUNS else f" and {len(names) - SHOWN_RUNS} more"
    return f"these runs of it have left outputs or logs: {', '.join(names[:SHOWN_RUNS])}{more}"
