"""`shoal retry`: what failed runs again, in the run's job or, once that has ended, in one that continues it."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from azure.batch import BatchClient
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

from shoal.connect import Services, error_code
from shoal.errors import BadInput
from shoal.runs.job_queries import task_key
from shoal.runs.retry.barriers import Behind, read_barrier
from shoal.runs.retry.choice import Choice, Request, choose
from shoal.runs.retry.continuation import ENDED_CODES, JobHasEnded, add_to_job, continue_run
from shoal.runs.retry.failed_attempts import delete_outputs
from shoal.runs.retry.jobs_of_run import JobsOfRun
from shoal.runs.retry.retried import Reports, Retried
from shoal.runs.retry.settled_run import until_carried_out
from shoal.runs.retry.task_replacement import replace_all
from shoal.runs.retry.unfinished_work import UnfinishedTask, UnfinishedWork, unfinished_work
from shoal.suggestion import suggestion

IN_FLIGHT = 8


def retry(services: Services, job_id: str, request: Request, reports: Reports) -> Retried:
    """Return the tasks that run again; none where nothing failed. Raises BadInput for tasks that cannot run again."""
    return until_carried_out(services, job_id, lambda run: _retry(services, run, request, reports), reports)


def _retry(services: Services, run: JobsOfRun, request: Request, reports: Reports) -> Retried:
    work = unfinished_work(services.batch, run)
    choice = _in_order(services.batch, run, choose(work, request, run.stages))
    _refuse_unknown(services.batch, run, work, request, choice)
    if not choice.tasks:
        return _result(run, work, choice, str(run.last.id))
    reports.on_choice(run, choice)
    return _result(run, work, choice, _carry_out(services, run, work, choice))


def _in_order(client: BatchClient, run: JobsOfRun, choice: Choice) -> Choice:
    """Return the choice in which no task runs beside one that it waits for.

    A reactivated task starts at once. So in an active job those that wait stay, for the next retry.
    """
    behind = Behind(choice.tasks, read_barrier(client, run))
    waiting = [task for task in choice.tasks if behind.waits(task)]
    if run.has_ended:
        return replace(choice, tasks=[*choice.tasks, *behind.barriers])
    staying = [task for task in waiting if task.failed]
    tasks = [task for task in choice.tasks if task not in staying]
    return replace(choice, tasks=tasks, left_out=choice.left_out + len(staying))


def _carry_out(services: Services, run: JobsOfRun, work: UnfinishedWork, choice: Choice) -> str:
    """Return the id of the job in which the tasks run. Raises JobHasEnded where it takes no tasks by now."""
    delete_outputs(services, run, choice.failed)
    if run.has_ended:
        return continue_run(services, run, choice.tasks)
    last = str(run.last.id)
    there = [task for task in choice.tasks if task.job_id == last]
    elsewhere = [task for task in choice.tasks if task.job_id != last]
    reactivate_all(services.batch, last, [task for task in there if not task.exited_with_zero])
    if elsewhere:
        others = {*work.going_on, *(task_key(task.id) for task in there)}
        add_to_job(services, run, elsewhere, there=work.in_last_job, others=others)
    return replace_all(services, run, [task for task in there if task.exited_with_zero])


def reactivate_all(client: BatchClient, job_id: str, tasks: Sequence[UnfinishedTask]) -> None:
    """Make failed tasks of an active job active again. Raises JobHasEnded where it has ended by now."""
    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        for _ in pool.map(lambda task: _reactivate(client, job_id, task.id), tasks):
            pass


def _reactivate(client: BatchClient, job_id: str, task_id: str) -> None:
    """Source: Batch REST, Task - Reactivate: 409 TaskNotCompleted for a task that runs again already."""
    try:
        client.reactivate_task(job_id, task_id)
    except ResourceExistsError as exc:
        if error_code(exc) in ENDED_CODES:
            raise JobHasEnded from exc
        if error_code(exc) != "TaskNotCompleted":
            raise


def _refuse_unknown(
    client: BatchClient, run: JobsOfRun, work: UnfinishedWork, request: Request, choice: Choice
) -> None:
    """Raise BadInput where a name is of no task that can run again."""
    for stage in request.stages:
        if run.record and stage not in run.stages:
            raise BadInput(f"run '{run.first_id}' has no stage '{stage}'; {suggestion(stage, run.stages)}")
    chosen = {task_key(task.id) for task in choice.tasks}
    for task in request.tasks:
        if task_key(task) not in chosen:
            raise BadInput(f"task '{task}' cannot run again: {_reason(client, run, work, task)}")


def _reason(client: BatchClient, run: JobsOfRun, work: UnfinishedWork, task_id: str) -> str:
    if task_key(task_id) in work.going_on:
        return "it is waiting or running already"
    if task_key(task_id) in work.tasks:
        return "it waits for tasks that were not named"
    if any(_has_task(client, str(job.id), task_id) for job in run.jobs):
        return "it has succeeded"
    return f"there is no such task; `shoal tasks {run.last.id}` lists them"


def _has_task(client: BatchClient, job_id: str, task_id: str) -> bool:
    try:
        client.get_task(job_id, task_id, select=["id"])
    except ResourceNotFoundError:
        return False
    return True


def _result(run: JobsOfRun, work: UnfinishedWork, choice: Choice, job_id: str) -> Retried:
    return Retried(
        job_id=job_id,
        continues=run.continued_by(job_id),
        again=[task.id for task in choice.failed],
        resumed=[task.id for task in choice.waiting],
        going_on=len(work.going_on),
        left_out=choice.left_out,
    )
