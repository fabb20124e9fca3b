"""Failed tasks that Batch does not reactivate, as their exit code is 0: deleted, and added once more with the same id.

So tasks that depend on them go on waiting for them, in the same job.

Source: Batch REST, Task - Reactivate (2025-06-01): 409 TaskSucceeded for a task with an exit code of 0.
"""

from collections.abc import Sequence

from shoal.connect import Services
from shoal.errors import BadInput
from shoal.jobs.submit.replacement import delete_tasks
from shoal.jobs.submit.submit import add_all, refuse_partial
from shoal.runs.retry.continuation import JobHasEnded, continue_run, until_the_end
from shoal.runs.retry.jobs_of_run import JobsOfRun, jobs_of_run
from shoal.runs.retry.task_copies import copied, renewal
from shoal.runs.retry.unfinished_work import UnfinishedTask


def replace_all(services: Services, run: JobsOfRun, tasks: Sequence[UnfinishedTask]) -> str:
    """Return the id of the job in which the tasks run: the last of the run, or one that continues it.

    Without its failed tasks, the last job may end before they are added again.
    """
    job_id = str(run.last.id)
    if not tasks:
        return job_id
    _refuse_without_record(run, tasks)
    delete_tasks(services.batch, job_id, [task.id for task in tasks])
    renewed = renewal(services.environment.blob_endpoint, services.sign)
    try:
        with until_the_end():
            added = add_all(services.batch, job_id, (copied(task.body, renewed) for task in tasks))
    except JobHasEnded:
        return continue_run(services, jobs_of_run(services.batch, job_id), tasks)
    refuse_partial(added, job_id)
    return job_id


def _refuse_without_record(run: JobsOfRun, tasks: Sequence[UnfinishedTask]) -> None:
    """Raise BadInput for a job of another client, which could not be continued if it ended meanwhile."""
    if run.record is None:
        raise BadInput(
            f"task '{tasks[0].id}' ended with exit code 0, and only its outputs failed: Batch does not run such a task "
            f"again, and shoal replaces tasks of its own jobs only; delete it and add it to '{run.last.id}' again"
        )
