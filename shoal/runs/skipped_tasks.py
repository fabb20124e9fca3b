"""Tasks of a job that Batch does not have, as they were skipped: their outputs were there."""

from azure.core.exceptions import ResourceNotFoundError

from shoal.connect import Services
from shoal.jobs.barrier_ids import is_barrier
from shoal.jobs.run_record import from_metadata


def skipped_tasks(services: Services, job_id: str) -> set[str]:
    """Return their ids; none for a job that is not in Batch, or was made by another client."""
    try:
        job = services.batch.get_job(job_id, select=["id", "metadata"])
    except ResourceNotFoundError:
        return set()
    record = from_metadata(job.metadata)
    if record is None or not record.skipped:
        return set()
    from shoal.jobs.skip.skips import skipped_ids  # brings the templates of job files with it

    ids = skipped_ids(services, record.folder(str(job.id)), list(record.stages))
    return {task for task in ids if not is_barrier(task)}
