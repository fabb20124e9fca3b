"""A job that continues a run whose last job has ended: the same properties and folder, the tasks that are left."""

from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from azure.batch.models import BatchJob, BatchJobUpdateOptions
from azure.core.exceptions import HttpResponseError

from shoal.connect import Services, error_code
from shoal.errors import BadInput
from shoal.jobs.barrier_ids import MANAGER
from shoal.jobs.run_record import Continuation, RunRecord, is_of_record, to_metadata
from shoal.jobs.submit.submit import add_all, create_job, end_with_last_task, refuse_partial, require_pool
from shoal.runs.job_queries import task_key
from shoal.runs.retry.jobs_of_run import JobsOfRun
from shoal.runs.retry.task_copies import Body, copied, has_ranges, renewal, with_dependencies, with_renewed
from shoal.runs.retry.unfinished_work import UnfinishedTask

WRITABLE = (
    "displayName",
    "priority",
    "allowTaskPreemption",
    "maxParallelTasks",
    "constraints",
    "jobPreparationTask",
    "jobReleaseTask",
    "commonEnvironmentSettings",
    "poolInfo",
    "usesTaskDependencies",
    "onTaskFailure",
    "networkConfiguration",
)
"""The properties that are carried over. Source: Batch REST, Job - Create."""
ENDED_CODES = {"JobCompleted", "JobBeingTerminated", "JobTerminating", "JobBeingDeleted"}


class JobHasEnded(Exception):
    """A job ended, or was continued by somebody else, after it had been read."""


def continue_run(services: Services, run: JobsOfRun, tasks: Sequence[UnfinishedTask]) -> str:
    """Add a job with the tasks and return its id. Raises BadInput where the run cannot be continued."""
    record = _continuable(run, tasks)
    body = job_body(run.last, renewal(services.environment.blob_endpoint, services.sign))
    require_pool(str(run.last.pool_info.pool_id), services.batch)
    record = continuing(record, run, len(tasks))
    if not create_job(services.batch, {**body, "id": run.next_id}, record):
        raise JobHasEnded
    add_tasks(services, run.next_id, _copies(services, tasks, set()), record)
    return run.next_id


def add_to_job(
    services: Services, run: JobsOfRun, tasks: Sequence[UnfinishedTask], *, there: int, others: Set[str]
) -> None:
    """Add tasks of earlier jobs to the last job of the run, which has `there` tasks.

    `others` are the ids of those of them that may be waited for.
    """
    record = continuing(_continuable(run, tasks), run, there + len(tasks))
    write_record(services, run.last, record)
    add_tasks(services, str(run.last.id), _copies(services, tasks, others), record)


def continuing(record: RunRecord, run: JobsOfRun, tasks: int) -> RunRecord:
    """Return the record of a job that continues the run with this number of tasks."""
    return replace(record, continuation=Continuation(first_job=run.first_id, tasks=tasks))


def job_body(job: BatchJob, renewed: Callable[[str], str]) -> dict[str, Any]:
    """Return the job as it was added, without its id and the record of its run; `renewed` gives working addresses."""
    shown = with_renewed(job.as_dict(), renewed)
    own = [{"name": item.name, "value": item.value} for item in job.metadata or () if not is_of_record(item)]
    return {**{name: shown[name] for name in WRITABLE if name in shown}, "metadata": own}


def write_record(services: Services, job: BatchJob, record: RunRecord) -> None:
    """Raises JobHasEnded where Batch changes nothing of the job by now."""
    own = [item for item in job.metadata or () if not is_of_record(item)]
    with_record = BatchJobUpdateOptions(metadata=[*own, *to_metadata(record)])
    with until_the_end():
        services.batch.update_job(str(job.id), with_record)


def _continuable(run: JobsOfRun, tasks: Sequence[UnfinishedTask]) -> RunRecord:
    if run.record is None:
        raise BadInput(
            f"job '{run.last.id}' has ended and takes no more tasks; it was not added by shoal, which could otherwise "
            "continue it in another job"
        )
    if any(task.id == MANAGER for task in tasks):
        raise BadInput(
            f"job '{run.last.id}' has ended before all of its tasks were added, and takes no more; the schedule "
            f"'{run.record.schedule}' makes the next one, and `shoal run FILE --job ID` runs the work once"
        )
    if any(has_ranges(task.body) for task in tasks):
        raise BadInput(f"job '{run.last.id}' has ended, and has dependencies by ranges of ids, which cannot be copied")
    return run.record


def _copies(services: Services, tasks: Sequence[UnfinishedTask], others: Set[str]) -> Iterator[Body]:
    renewed = renewal(services.environment.blob_endpoint, services.sign)
    ids = {task_key(task.id) for task in tasks} | others
    return (with_dependencies(copied(task.body, renewed), ids) for task in tasks)


def add_tasks(services: Services, job_id: str, tasks: Iterator[Body], record: RunRecord) -> None:
    """Add tasks to a job, which ends with them unless its run has stages that get theirs later.

    Raises JobHasEnded where it takes none by now.
    """
    with until_the_end():
        added = add_all(services.batch, job_id, tasks)
    refuse_partial(added, job_id)
    if not record.deferred:
        end_with_last_task(services.batch, job_id)


@contextmanager
def until_the_end() -> Iterator[None]:
    """Raise JobHasEnded where Batch refuses a change because the job ends or has ended."""
    try:
        yield
    except HttpResponseError as exc:
        if error_code(exc) in ENDED_CODES:
            raise JobHasEnded from exc
        raise
