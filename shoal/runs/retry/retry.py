"""`shoal retry`: what failed runs again, in the run's job or, once that has ended, in one that continues it.

A job can end at any moment in between, with its last task. Then everything is read and decided anew.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from azure.batch import BatchClient
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

from shoal.connect import Services, error_code
from shoal.errors import BadInput, WorkFailed
from shoal.runs.job_queries import BatchJobQueries, task_key
from shoal.runs.retry.choice import Choice, Request, choose
from shoal.runs.retry.continuation import ENDED_CODES, JobHasEnded, add_to_job, continue_run
from shoal.runs.retry.failed_attempts import delete_outputs
from shoal.runs.retry.jobs_of_run import JobsOfRun, jobs_of_run
from shoal.runs.retry.unfinished_work import UnfinishedTask, UnfinishedWork, unfinished_work
from shoal.runs.verdict import LAGGED, Unfinished
from shoal.runs.watch import watch
from shoal.suggestion import suggestion

IN_FLIGHT = 8
ROUNDS = 5
"""Times that a decision may be overtaken by the end of the job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retried:
    job_id: str
    """The job in which the tasks run."""
    continues: str | None
    """The job that began the run, where this is another one."""
    again: list[str] = field(default_factory=list)
    """Ids of the failed tasks that run again."""
    resumed: list[str] = field(default_factory=list)
    """Ids of tasks that waited when their job ended, and go on."""
    going_on: int = 0
    """Number of tasks of the job that were waiting or running anyway."""
    left_out: int = 0
    """Number of unfinished tasks that stay as they are."""


class Reports(Protocol):
    def on_lag(self, unfinished: Unfinished) -> None:
        """Tell that tasks of a completed job are not listed as completed yet."""

    def on_choice(self, run: JobsOfRun, choice: Choice) -> None:
        """Show the tasks that are about to run again."""


def retry(services: Services, job_id: str, request: Request, reports: Reports) -> Retried:
    """Return the tasks that run again; none where nothing failed. Raises BadInput for tasks that cannot run again."""
    for _ in range(ROUNDS):
        run = settled_run(services, job_id, reports.on_lag)
        work = unfinished_work(services.batch, run)
        stages = list(run.record.stages) if run.record else []
        choice = choose(work, request, stages)
        _refuse_unknown(services.batch, run, work, request, choice)
        if not choice.tasks:
            return _result(run, work, choice, str(run.last.id))
        reports.on_choice(run, choice)
        try:
            return _result(run, work, choice, _carry_out(services, run, work, choice))
        except JobHasEnded:
            continue
    raise WorkFailed(f"job '{job_id}' ended {ROUNDS} times while its tasks were chosen; try again")


def settled_run(services: Services, job_id: str, on_lag: Callable[[Unfinished], None]) -> JobsOfRun:
    """Return the jobs of a run, once the tasks of the last one are listed as they are."""
    run = jobs_of_run(services.batch, job_id)
    if not run.has_ended:
        return run
    queries = BatchJobQueries(services.batch, str(run.last.id))
    ending = watch(queries, on_snapshot=lambda _: None, on_silence=_ignore, on_lag=on_lag)
    if ending.reason == LAGGED:
        raise WorkFailed(f"job '{run.last.id}': {LAGGED}; try again later")
    return run


def _carry_out(services: Services, run: JobsOfRun, work: UnfinishedWork, choice: Choice) -> str:
    """Return the id of the job in which the tasks run. Raises JobHasEnded where it takes no tasks by now."""
    delete_outputs(services, run, choice.failed)
    if run.has_ended:
        return continue_run(services, run, choice.tasks)
    last = str(run.last.id)
    there = [task for task in choice.tasks if task.job_id == last]
    elsewhere = [task for task in choice.tasks if task.job_id != last]
    _reactivate_all(services.batch, last, there)
    if elsewhere:
        others = {*work.going_on, *(task_key(task.id) for task in there)}
        add_to_job(services, run, elsewhere, there=work.in_last_job, others=others)
    return last


def _reactivate_all(client: BatchClient, job_id: str, tasks: list[UnfinishedTask]) -> None:
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
    stages = list(run.record.stages) if run.record else []
    for stage in request.stages:
        if run.record and stage not in stages:
            raise BadInput(f"run '{run.first_id}' has no stage '{stage}'; {suggestion(stage, stages)}")
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
        continues=run.first_id if job_id.lower() != run.first_id.lower() else None,
        again=[task.id for task in choice.failed],
        resumed=[task.id for task in choice.waiting],
        going_on=len(work.going_on),
        left_out=choice.left_out,
    )


def _ignore(_: timedelta) -> None:
    """Say nothing of pauses: the caller is about to say whether it went on."""
