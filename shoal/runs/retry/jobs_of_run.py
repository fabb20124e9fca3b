"""The jobs of a run: the one that began it, and those that continue it.

A completed job takes no more tasks. So a run goes on in a further job, `JOB-retry-1`, whose metadata name the first job
and the id of the run: its tasks read and write the same folder.

Source: Batch REST, Job - Create, `id`: at most 64 characters; Task - Reactivate: JobCompleted.
"""

from dataclasses import dataclass

from azure.batch import BatchClient
from azure.batch.models import BatchJob, BatchJobState
from azure.core.exceptions import ResourceNotFoundError

from shoal.jobs.run_folder import id_without_schedule
from shoal.jobs.run_record import RunRecord, from_metadata
from shoal.runs.unknown_ids import unknown_job

ENDED = {BatchJobState.TERMINATING, BatchJobState.COMPLETED, BatchJobState.DELETING}
SUFFIX = "-retry-"
MOST_DIGITS = 3
ID_CHARACTERS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsOfRun:
    jobs: tuple[BatchJob, ...]
    """Those that Batch has, oldest first; at least one."""
    record: RunRecord | None
    """The record of the last job, or None for a job that another client made."""
    next_id: str
    """The id of the job that would continue the run."""

    @property
    def last(self) -> BatchJob:
        return self.jobs[-1]

    @property
    def has_ended(self) -> bool:
        return self.last.state in ENDED

    @property
    def first_id(self) -> str:
        """The id of the job that began the run, whether or not Batch still has it."""
        return str(self.last.id) if self.record is None else self.record.first_job(str(self.last.id))

    @property
    def stages(self) -> list[str]:
        """The names of the run's stages; none for a job that another client made."""
        return list(self.record.stages) if self.record is not None else []

    def continued_by(self, job_id: str) -> str | None:
        """Return the id of the first job, where this is a later job of the run."""
        return None if _is_same(job_id, self.first_id) else self.first_id

    @property
    def has_first(self) -> bool:
        return _is_same(str(self.jobs[0].id), self.first_id)


def jobs_of_run(client: BatchClient, job_id: str) -> JobsOfRun:
    """Find the jobs of the run that a job belongs to. Raises BadInput where there is no such job."""
    job = _job(client, job_id)
    if job is None:
        raise unknown_job(client, job_id)
    record = from_metadata(job.metadata)
    if record is None:
        return JobsOfRun(jobs=(job,), record=None, next_id="")
    first_id = record.first_job(str(job.id))
    first = job if record.continuation is None else _job(client, first_id)
    numbered = _numbered(client, first_id)
    jobs = [one for one in [first, *numbered.values()] if one is not None and _has_run(one, record.run_id)]
    return JobsOfRun(
        jobs=tuple(jobs),
        record=from_metadata(jobs[-1].metadata),
        next_id=f"{_beginning(first_id)}{max(numbered, default=0) + 1}",
    )


def other_jobs(client: BatchClient, folder: str, job_id: str) -> list[str]:
    """Return the ids of the jobs in Batch whose run has this folder, without one of them."""
    first_id, _, run_id = folder.partition(".")
    jobs = [_job(client, first_id), *_numbered(client, first_id).values()]
    ids = [str(job.id) for job in jobs if job is not None and _has_run(job, run_id)]
    return [one for one in ids if not _is_same(one, job_id)]


def _numbered(client: BatchClient, first_id: str) -> dict[int, BatchJob]:
    """Return the jobs that are named as if they continued a run of the job, in order of their numbers."""
    beginning = _beginning(first_id)
    numbered = {}
    for job in client.list_jobs(filter=f"startswith(id,'{beginning}')"):
        number = str(job.id)[len(beginning) :]
        if number.isascii() and number.isdigit():
            numbered[int(number)] = job
    return dict(sorted(numbered.items()))


def _beginning(first_id: str) -> str:
    return id_without_schedule(first_id)[: ID_CHARACTERS - len(SUFFIX) - MOST_DIGITS] + SUFFIX


def _has_run(job: BatchJob, run_id: str) -> bool:
    record = from_metadata(job.metadata)
    return record is not None and record.run_id == run_id


def _job(client: BatchClient, job_id: str) -> BatchJob | None:
    try:
        return client.get_job(job_id)
    except ResourceNotFoundError:
        return None


def _is_same(one: str, other: str) -> bool:
    """Return True for ids that Batch takes for one: it compares them without case."""
    return one.lower() == other.lower()
