"""Put a planned job into Batch: its files, the job, its tasks, and then the order to end with the last task."""

from collections import deque
from collections.abc import Iterator, Mapping, Set
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from azure.batch import BatchClient
from azure.batch.models import (
    BatchAllTasksCompleteMode,
    BatchJob,
    BatchJobCreateOptions,
    BatchJobState,
    BatchJobUpdateOptions,
)
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

from shoal.connect import Services, error_code
from shoal.errors import BadInput, WorkFailed
from shoal.jobs.binding.bound_job import BoundJob
from shoal.jobs.preflight.preflight import refuse_problems
from shoal.jobs.run_folder import generated_run_id, run_folder
from shoal.jobs.run_record import RunRecord, from_metadata, job_digest, to_metadata
from shoal.jobs.skip.eligibility import skippable_stages
from shoal.jobs.skip.mixed_stages import mark_mixed
from shoal.jobs.skip.skips import Skips, settle_skips, skipped_ids
from shoal.jobs.submit.changes import OnChange
from shoal.jobs.submit.collection import Added, add, collections, encoded
from shoal.jobs.submit.existing_run import SettledRun, continue_run, record_skipped, settle
from shoal.jobs.submit.fan_out import refuse_without_files, with_ended_stages
from shoal.jobs.submit.plan import Plan, make_plan
from shoal.jobs.submit.upload import upload_inputs
from shoal.jobs.tasks.exit_conditions import acts_on_jobs, ends_when_stuck
from shoal.jobs.tasks.job_tasks import job_tasks
from shoal.jobs.tasks.stage_dependencies import barrier_id
from shoal.jobs.tasks.task_bodies import all_tasks, constraints, environment_settings
from shoal.manifest.run_manifest import beginning_manifest, continued_manifest
from shoal.manifest.storage import delete_manifest, store

IN_FLIGHT = 4
_ENDED = {BatchJobState.TERMINATING, BatchJobState.COMPLETED, BatchJobState.DELETING}
_ENDED_CODES = {"JobCompleted", "JobBeingTerminated", "JobBeingDeleted"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    job_id: str
    added: int
    already_there: int
    deferred: tuple[str, ...] = ()
    """Stages whose tasks a further submission adds, when an earlier stage has ended."""
    skipped: Mapping[str, int] = field(default_factory=dict)
    """The numbers of tasks by stage that do not run, as their outputs were there."""

    def to_json(self) -> dict[str, Any]:
        counts: dict[str, Any] = {"job_id": self.job_id, "added": self.added, "already_there": self.already_there}
        counts |= {"skipped": self.skipped} if self.skipped else {}
        return counts | ({"deferred": list(self.deferred)} if self.deferred else {})

    @property
    def summary(self) -> str:
        there = f"{self.already_there} tasks already there, " if self.already_there else ""
        tasks = f"{there}{self.added} added" if there else f"{self.added} tasks added"
        later = ""
        if self.deferred:
            adders = f"by `shoal run` or another `shoal submit`, or by `shoal watch {self.job_id}`"
            later = f"; {', '.join(self.deferred)} later, {adders}"
        return f"{self.job_id}: {tasks}{self._skipped}{later}"

    @property
    def _skipped(self) -> str:
        stages = ", ".join(f"{tasks} of {stage}" for stage, tasks in self.skipped.items())
        return f", {sum(self.skipped.values())} skipped as their outputs are there ({stages})" if stages else ""


def submit(job: BoundJob, plan: Plan, services: Services, *, on_change: OnChange = OnChange.REFUSE) -> Submission:
    """Add the missing parts of the job.

    Raises BadInput, with nothing created, where the job cannot run there, or was submitted with another definition and
    `on_change` makes no choice.
    """
    client = services.batch
    refuse_problems(job, plan, services)
    existing = _existing_job(plan, client)
    skipped = _skipped(job, existing, services)
    job, plan = _continued(job, plan, existing, services, skipped)
    planned = planned_record(job, plan)
    if existing is not None and existing.state in _ENDED:
        submission = _nothing_to_add(job, plan, client, skipped)
        settle(job, existing, planned, client, on_change=on_change, ended=True, skipped=skipped)
        return submission
    settled = None
    if existing is not None:
        settled = settle(job, existing, planned, client, on_change=on_change, ended=False, skipped=skipped)
    run_id = _begun(job, plan, services, planned, settled)
    if run_id is None:
        # Somebody else created it meanwhile.
        return submit(job, plan, services, on_change=on_change)
    skips = _settle_skips(job, services, run_id, skipped, is_new=settled is None)
    runnable = job.runnable(run_id, services.sign)
    added = add_all(client, plan.job_id, skips.remaining(runnable, all_tasks(runnable)))
    refuse_partial(added, plan.job_id)
    if not planned.deferred:
        end_with_last_task(client, plan.job_id)
    submission = Submission(
        job_id=plan.job_id,
        added=added.added,
        already_there=added.already_there,
        deferred=planned.deferred,
        skipped=skips.counts,
    )
    if any(barrier_id(stage) in skips.ids for stage in job.awaited_stages):
        # A stage that was skipped as a whole has its files already, of which later ones get tasks.
        further = submit(job, plan, services, on_change=on_change)
        return replace(further, added=added.added + further.added, already_there=added.already_there)
    return submission


def _begun(job: BoundJob, plan: Plan, services: Services, planned: RunRecord, settled: SettledRun | None) -> str | None:
    """Create the job, or prepare the existing one for more tasks. Return the run's id, or None if others created it."""
    # Before the job: a task must not start before its inputs are there.
    upload_inputs(plan.files, services)
    if settled is None:
        return _created(job, plan, services, planned)
    manifest = None
    # The record says nothing of later stages, which may have been corrected.
    if not settled.is_recorded or planned.deferred:
        manifest = continued_manifest(job, plan, settled.record, services)
    if settled.changed:
        folder = run_folder(plan.job_id, settled.record.run_id)
        mark_mixed(services, folder, settled.changed, job.job_file.spec.stages)
    run_id = continue_run(services.batch, job, settled)
    if manifest is not None:
        store(services, manifest)
    return run_id


def _created(job: BoundJob, plan: Plan, services: Services, planned: RunRecord) -> str | None:
    """Create the job after all that can fail: it must not be left without its tasks."""
    body = job_body(job.runnable(planned.run_id, services.sign), plan)
    store(services, beginning_manifest(job, plan, planned, services))
    if create_job(services.batch, body, planned):
        return planned.run_id
    delete_manifest(services, planned.folder(plan.job_id))
    return None


def _skipped(job: BoundJob, existing: BatchJob | None, services: Services) -> set[str]:
    """Return the ids of the tasks that an earlier submission has skipped."""
    record = from_metadata(existing.metadata) if existing is not None else None
    if record is None or not record.skipped:
        return set()
    return skipped_ids(services, record.folder(job.job_file.job_id), [stage.name for stage in job.stages])


def _settle_skips(job: BoundJob, services: Services, run_id: str, before: Set[str], *, is_new: bool) -> Skips:
    """Decide which tasks are skipped, and record their number before any other task is added."""
    if not skippable_stages(job):
        return Skips(before=before)
    client, job_id = services.batch, job.job_file.job_id
    present = set() if is_new else {str(task.id) for task in client.list_tasks(job_id, select=["id"])}
    skips = settle_skips(job, services, run_folder(job_id, run_id), present=present, before=before)
    record_skipped(client, job_id, len(skips.ids))
    return skips


def _continued(
    job: BoundJob, plan: Plan, existing: BatchJob | None, services: Services, skipped: Set[str]
) -> tuple[BoundJob, Plan]:
    """Return the job and its plan with the tasks of the stages that can be added by now."""
    record = from_metadata(existing.metadata) if existing is not None else None
    if record is None or not job.awaited_stages:
        return job, plan
    grown = with_ended_stages(job, record.run_id, services, skipped)
    refuse_without_files(grown)
    return (grown, make_plan(grown)) if grown.outputs.keys() != job.outputs.keys() else (job, plan)


def refuse_other_run(job: BoundJob, plan: Plan, services: Services, *, on_change: OnChange) -> None:
    """Raise BadInput where the job's id is in use and `submit` would refuse to continue. Changes nothing."""
    client = services.batch
    existing = _existing_job(plan, client)
    if existing is None:
        return
    ended, skipped = existing.state in _ENDED, _skipped(job, existing, services)
    if ended:
        _nothing_to_add(job, plan, client, skipped)
    settle(job, existing, planned_record(job, plan), client, on_change=on_change, ended=ended, skipped=skipped)


def planned_record(job: BoundJob, plan: Plan) -> RunRecord:
    """Return the record of the run if it begins now."""
    own = {key: value for key, value in job_body(job, plan).items() if key not in ("id", "metadata")}
    ends = ends_when_stuck(job.job_file.spec)
    if ends:  # no property of the job itself, but a change all the same
        own["endsWhenStuck"] = True
    return RunRecord(
        run_id=generated_run_id(),
        run_name=str(job.job_file.names["run"]),
        job_digest=job_digest(own, job.environment.blob_endpoint),
        stages={stage.name: stage.content for stage in plan.stages if not stage.is_deferred},
        deferred=tuple(stage.name for stage in plan.stages if stage.is_deferred),
        ends_when_stuck=ends,
    )


def job_body(job: BoundJob, plan: Plan) -> dict[str, Any]:
    """Return the job in wire form. The order to end with its last task comes later: an empty job would end at once."""
    spec = job.job_file.spec
    return {
        "id": plan.job_id,
        "poolInfo": {"poolId": plan.pool.id},
        "priority": spec.job.priority,
        "constraints": constraints(spec.job.retries, spec.job.max_time),
        "usesTaskDependencies": any(stage.dependencies for stage in spec.stages),  # else Batch refuses `dependsOn`
        "onTaskFailure": "performexitoptionsjobaction" if acts_on_jobs(spec) else "noaction",
        "commonEnvironmentSettings": environment_settings(spec.job.environment),
        "metadata": [{"name": name, "value": value} for name, value in spec.job.metadata.items()],
        **job_tasks(job),
    }


def add_all(client: BatchClient, job_id: str, tasks: Iterator[dict[str, Any]], *, in_flight: int = IN_FLIGHT) -> Added:
    """Add tasks by several collections at a time; at most twice as many are rendered ahead."""
    total = Added()
    waiting: deque[Future[Added]] = deque()
    with ThreadPoolExecutor(in_flight) as pool:
        try:
            for chunk in collections(encoded(tasks)):
                if len(waiting) >= 2 * in_flight:
                    total += waiting.popleft().result()
                waiting.append(pool.submit(add, client, job_id, chunk))
            return sum((future.result() for future in waiting), total)
        finally:
            for future in waiting:
                future.cancel()  # those that have not begun; the executor waits for the others


def require_pool(pool_id: str, client: BatchClient) -> None:
    """Raise BadInput where Batch does not have the pool."""
    try:
        client.get_pool(pool_id, select=["id"])
    except ResourceNotFoundError as exc:
        raise BadInput(f"pool '{pool_id}' is not there any more; run `shoal up` to make it again") from exc


def _existing_job(plan: Plan, client: BatchClient) -> BatchJob | None:
    """Raises BadInput where the job exists on another pool, or continues the run of another job."""
    try:
        job = client.get_job(plan.job_id)
    except ResourceNotFoundError:
        return None
    record = from_metadata(job.metadata)
    if record is not None and record.continuation is not None:
        first = record.continuation.first_job
        raise BadInput(
            f"job '{job.id}' continues the run of '{first}' with the tasks that had not succeeded; "
            f"`shoal retry {first}` goes on with it, and --job ID names another"
        )
    if job.pool_info.pool_id != plan.pool.id:
        raise BadInput(
            f"job '{plan.job_id}' is there already, on pool '{job.pool_info.pool_id}', not '{plan.pool.id}'; "
            "name another with -p run=NAME or --job ID"
        )
    return job


def _nothing_to_add(job: BoundJob, plan: Plan, client: BatchClient, skipped: Set[str]) -> Submission:
    """Accept a job that has ended, where it lacks no task."""
    if job.deferred_stages:
        raise BadInput(
            f"job '{plan.job_id}' has ended, without the stages {', '.join(job.deferred_stages)}, and takes no more; "
            "name another with -p run=NAME or --job ID"
        )
    there = {task.id for task in client.list_tasks(plan.job_id, select=["id"])} | skipped
    planned = missing = 0
    for task in all_tasks(job):
        planned += 1
        missing += task["id"] not in there
    if missing:
        raise BadInput(
            f"job '{plan.job_id}' has ended, without {missing} of these {planned} tasks, and takes no more; "
            "name another with -p run=NAME or --job ID"
        )
    return Submission(job_id=plan.job_id, added=0, already_there=planned - len(skipped))


def create_job(client: BatchClient, body: dict[str, Any], record: RunRecord) -> bool:
    """Return False where the job is there already."""
    recorded = [{"name": item.name, "value": item.value} for item in to_metadata(record)]
    try:
        client.create_job(BatchJobCreateOptions({**body, "metadata": [*body["metadata"], *recorded]}))
    except ResourceExistsError as exc:
        if error_code(exc) != "JobExists":
            raise
        return False
    return True


def refuse_partial(added: Added, job_id: str) -> None:
    """Raise WorkFailed where the service has refused tasks."""
    if added.refused:
        there = added.added + added.already_there
        raise WorkFailed(
            f"job '{job_id}' has {there} of its tasks; {added.refused} were refused, among them:\n"
            + "\n".join(f"  {refusal.task_id}: {refusal.code} {refusal.message}" for refusal in added.refusals)
        )


def end_with_last_task(client: BatchClient, job_id: str) -> None:
    """Let the job end by itself.

    Source: Batch REST, Job - Update: onAllTasksComplete goes from noaction to terminatejob, never back.
    """
    try:
        client.update_job(
            job_id, BatchJobUpdateOptions(all_tasks_complete_mode=BatchAllTasksCompleteMode.TERMINATE_JOB)
        )
    except ResourceExistsError as exc:
        # A job may be ended, by its time limit or a failed task, while its tasks are still being added.
        if error_code(exc) not in _ENDED_CODES:
            raise
