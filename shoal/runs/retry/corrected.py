"""`shoal retry --with FILE`: the corrected file for the tasks that have not succeeded; those that have stay.

A task is known by its id, which is made of its stage and its point. Once it has succeeded it is kept, also where the
file has another command for it now.
"""

from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass, replace

from azure.batch import BatchClient

from shoal.connect import Services
from shoal.errors import BadInput
from shoal.jobs.barrier_ids import is_barrier
from shoal.jobs.binding.bound_job import BoundJob
from shoal.jobs.run_record import RunRecord
from shoal.jobs.skip.mixed_stages import mark_mixed
from shoal.jobs.skip.skips import skipped_ids
from shoal.jobs.submit.changes import differing_stages
from shoal.jobs.submit.fan_out import refuse_without_files, with_ended_stages
from shoal.jobs.submit.plan import Plan, make_plan
from shoal.jobs.submit.replacement import WAITING, delete_replaced, delete_tasks
from shoal.jobs.submit.submit import create_job, job_body, planned_record, require_pool
from shoal.jobs.submit.upload import upload_inputs
from shoal.jobs.tasks.task_bodies import all_tasks
from shoal.manifest.manifest import Manifest
from shoal.manifest.run_manifest import continued_manifest
from shoal.manifest.storage import store
from shoal.runs.job_queries import FAILED, SUCCEEDED, task_key
from shoal.runs.retry.choice import Choice, stage_of
from shoal.runs.retry.continuation import JobHasEnded, add_tasks, continuing, write_record
from shoal.runs.retry.failed_attempts import delete_outputs
from shoal.runs.retry.jobs_of_run import JobsOfRun
from shoal.runs.retry.other_work import refuse_other_stages, refuse_other_tasks
from shoal.runs.retry.retried import Reports, Retried
from shoal.runs.retry.retry import reactivate_all
from shoal.runs.retry.settled_run import until_carried_out
from shoal.runs.retry.task_copies import Body, with_dependencies
from shoal.runs.retry.unfinished_work import UnfinishedTask, UnfinishedWork, unfinished_work

ReadJob = Callable[[str, str], BoundJob]
"""Reads the corrected file, for a job's id and the name of a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """The corrected file beside the run."""

    run: JobsOfRun
    job: BoundJob
    plan: Plan
    record: RunRecord
    """The record that the run gets."""
    manifest: Manifest
    """The manifest that it gets with the first task of the file."""
    changed: list[str]
    """Stages with another definition than before."""
    planned: list[str]
    """Ids of the tasks of the file, barriers included."""
    work: UnfinishedWork
    succeeded: Set[str]
    """Ids, in lower case, of the tasks that have succeeded, or were skipped as their outputs were there."""

    @property
    def failed(self) -> list[UnfinishedTask]:
        return [task for task in self.work.tasks.values() if task.failed]


def retry_with(services: Services, job_id: str, read: ReadJob, reports: Reports) -> Retried:
    """Run the corrected file's tasks without success. Raises BadInput, with nothing changed, where that cannot be."""
    again: dict[str, UnfinishedTask] = {}  # over all rounds: a task may be deleted in one, and be added in the next
    return until_carried_out(services, job_id, lambda run: _retry(services, run, read, reports, again), reports)


def _retry(
    services: Services, run: JobsOfRun, read: ReadJob, reports: Reports, again: dict[str, UnfinishedTask]
) -> Retried:
    correction = _correction(services, run, read)
    planned = {task_key(task) for task in correction.planned}
    left_out = [key for key in correction.work.tasks if key not in planned]
    chosen = [task for key, task in correction.work.tasks.items() if key in planned]
    again |= {task_key(task.id): task for task in chosen if task.failed}
    require_pool(correction.plan.pool.id, services.batch)
    reports.on_choice(run, Choice(tasks=chosen, left_out=len(left_out)))
    delete_outputs(services, run, correction.failed)
    upload_inputs(correction.plan.files, services)
    if correction.changed:
        folder = correction.record.folder(str(run.last.id))
        mark_mixed(services, folder, correction.changed, correction.job.job_file.spec.stages)
    job_id, added = _continue(services, correction) if run.has_ended else _correct(services, correction)
    return Retried(
        job_id=job_id,
        continues=run.continued_by(job_id),
        again=[task.id for task in again.values()],
        resumed=[task for task in added if task_key(task) not in again],
        going_on=len(correction.work.going_on - {task_key(task) for task in added}),
        left_out=len(left_out),
        kept=_kept(correction),
    )


def _correction(services: Services, run: JobsOfRun, read: ReadJob) -> Correction:
    then = _correctable(run)
    skipped = _skipped(services, run, then)
    file = read(run.first_id, then.run_name)
    refuse_other_stages(file, run.first_id, then)
    # With the tasks that the files of ended stages have: else these would count as points that the file has no more.
    job = with_ended_stages(
        file,
        then.run_id,
        services,
        skipped,
        job_ids=[str(one.id) for one in run.jobs],
    )
    refuse_without_files(job)
    plan = replace(make_plan(job), job_id=run.first_id)  # a job of a schedule is rendered under the schedule's id
    record = replace(
        planned_record(job, plan),
        run_id=then.run_id,
        continuation=then.continuation,
        skipped=then.skipped,
        schedule=then.schedule,
    )
    if not run.has_ended and record.job_digest != then.job_digest:
        raise BadInput(
            f"the job's own keys (environment, priority, retries, max_time, on_failure, …) differ, and '{run.last.id}' "
            f"is active with the former ones; first `shoal cancel {run.last.id}`: another job then has these keys"
        )
    work = unfinished_work(services.batch, run)
    succeeded = _succeeded(services.batch, run) | set(map(task_key, skipped))
    planned = [task["id"] for task in all_tasks(job)]
    refuse_other_tasks(job, run.first_id, planned, succeeded | work.tasks.keys() | work.going_on)
    return Correction(
        run=run,
        job=job,
        plan=plan,
        record=record,
        manifest=continued_manifest(job, plan, record, services),
        changed=differing_stages(then, record),
        planned=planned,
        work=work,
        succeeded=succeeded,
    )


def _correctable(run: JobsOfRun) -> RunRecord:
    if run.record is None:
        raise BadInput(f"job '{run.last.id}' was not added by shoal, so no file can be compared with it")
    if not run.has_first:
        raise BadInput(
            f"job '{run.first_id}', which began the run, is not in Batch any more, and with it the list of the tasks "
            "that have succeeded; submit the file as another run"
        )
    return run.record


def _succeeded(client: BatchClient, run: JobsOfRun) -> set[str]:
    lists = [client.list_tasks(str(job.id), filter=SUCCEEDED, select=["id"]) for job in run.jobs]
    return {task_key(task.id) for tasks in lists for task in tasks}


def _skipped(services: Services, run: JobsOfRun, record: RunRecord) -> set[str]:
    if not record.skipped:
        return set()
    return skipped_ids(services, record.folder(str(run.last.id)), list(record.stages))


def _continue(services: Services, correction: Correction) -> tuple[str, list[str]]:
    """Add a job with the tasks without success. Return its id and theirs."""
    run, plan = correction.run, replace(correction.plan, job_id=correction.run.next_id)
    missing = _without_success(correction)
    if not missing:
        return str(run.last.id), []
    record = continuing(correction.record, run, len(missing))
    runnable = correction.job.runnable(record.run_id, services.sign)
    if not create_job(services.batch, job_body(runnable, plan), record):
        raise JobHasEnded
    store(services, correction.manifest)
    ids = {task_key(task) for task in missing}
    add_tasks(services, run.next_id, _bodies(services, correction, ids, dependencies=ids), record)
    return run.next_id, missing


def _without_success(correction: Correction) -> list[str]:
    """Return the ids of the planned tasks without success, and of the barriers behind them."""
    missing: dict[str, str] = {}
    for task in all_tasks(correction.job):
        key, parents = task_key(task["id"]), task.get("dependsOn", {}).get("taskIds") or ()
        # A barrier may have succeeded in spite of failures before it.
        reopened = is_barrier(task["id"]) and any(task_key(parent) in missing for parent in parents)
        if reopened or key not in correction.succeeded:
            missing[key] = task["id"]
    return list(missing.values())


def _correct(services: Services, correction: Correction) -> tuple[str, list[str]]:
    """Replace the tasks of an active job that did not succeed and do not run. Return its id, and theirs.

    In this order: the next call finds all that is missing after a crash in between. Where deleting the last unfinished
    tasks ends the job, they run in another one.
    """
    client, job_id = services.batch, str(correction.run.last.id)
    waiting_or_failed = f"{WAITING} or {FAILED}"
    replaced = delete_replaced(client, job_id, correction.job, correction.changed, filter_text=waiting_or_failed)
    unchanged = [task for task in correction.failed if task.job_id == job_id and task.id not in replaced]
    reactivate_all(client, job_id, [task for task in unchanged if not task.exited_with_zero])
    # The others are missing then, and added with the rest.
    delete_tasks(client, job_id, [task.id for task in unchanged if task.exited_with_zero])
    there = {task_key(task.id) for task in client.list_tasks(job_id, select=["id"])}
    missing = [task for task in correction.planned if task_key(task) not in there | correction.succeeded]
    record, ids = correction.record, {task_key(task) for task in missing}
    if record.continuation is not None:
        record = continuing(record, correction.run, len(there) + len(missing))
    write_record(services, correction.run.last, record)
    if missing:  # else all tasks keep the definition that they have
        store(services, correction.manifest)
    add_tasks(services, job_id, _bodies(services, correction, ids, dependencies=ids | there), record)
    return job_id, missing


def _bodies(services: Services, correction: Correction, ids: Set[str], *, dependencies: Set[str]) -> Iterator[Body]:
    runnable = correction.job.runnable(correction.record.run_id, services.sign)
    tasks = (task for task in all_tasks(runnable) if task_key(task["id"]) in ids)
    return (with_dependencies(task, dependencies) for task in tasks)


def _kept(correction: Correction) -> dict[str, int]:
    stages = [stage.name for stage in correction.job.stages]
    kept: dict[str, int] = {}
    for task in correction.planned:
        stage = stage_of(task, stages)
        if stage in correction.changed and not is_barrier(task) and task_key(task) in correction.succeeded:
            kept[stage] = kept.get(stage, 0) + 1
    return kept
