"""Put a planned job into Batch: its files, the job, its tasks, and then the order to end with the last task."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from azure.batch import BatchClient
from azure.batch.models import BatchAllTasksCompleteMode, BatchJobCreateOptions, BatchJobState, BatchJobUpdateOptions
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

from shoal.connect import Services, error_code
from shoal.errors import BadInput, WorkFailed
from shoal.jobs.binding.bound_job import BoundJob
from shoal.jobs.file.spec import Spec
from shoal.jobs.submit.collection import Added, add, collections, encoded
from shoal.jobs.submit.plan import Plan
from shoal.jobs.submit.upload import upload
from shoal.jobs.tasks.task_bodies import all_tasks, constraints, environment_settings, stops_on_failure

IN_FLIGHT = 4
_ENDED = {BatchJobState.TERMINATING, BatchJobState.COMPLETED, BatchJobState.DELETING}
_ENDED_CODES = {"JobCompleted", "JobBeingTerminated", "JobBeingDeleted"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    job_id: str
    added: int
    already_there: int

    @property
    def summary(self) -> str:
        if self.already_there:
            return f"{self.job_id}: {self.already_there} tasks already there, {self.added} added"
        return f"{self.job_id}: {self.added} tasks added"


def submit(job: BoundJob, plan: Plan, services: Services) -> Submission:
    """Add the missing parts of the job. Raises BadInput, with nothing created, where the job cannot run there."""
    client = services.batch
    _check_pool(plan, client)
    if _has_ended(plan, client):
        return _nothing_to_add(job, plan, client)
    upload(plan.files, services.blobs.get_container_client(services.environment.containers.inputs))
    # After the upload: a task must not start before its inputs are there.
    _create_job(client, job_body(job.job_file.spec, plan))
    added = add_all(client, plan.job_id, all_tasks(job.signed(services.sign)))
    _refuse_partial(added, plan)
    _end_with_last_task(client, plan.job_id)
    return Submission(job_id=plan.job_id, added=added.added, already_there=added.already_there)


def job_body(spec: Spec, plan: Plan) -> dict[str, Any]:
    """Return the job in wire form. The order to end with its last task comes later: an empty job would end at once."""
    return {
        "id": plan.job_id,
        "poolInfo": {"poolId": plan.pool.id},
        "priority": spec.job.priority,
        "constraints": constraints(spec.job.retries, spec.job.max_time),
        "usesTaskDependencies": any(stage.after for stage in spec.stages),  # else Batch refuses `dependsOn`
        "onTaskFailure": "performexitoptionsjobaction" if stops_on_failure(spec) else "noaction",
        "commonEnvironmentSettings": environment_settings(spec.job.environment),
        "metadata": [{"name": name, "value": value} for name, value in spec.job.metadata.items()],
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


def _check_pool(plan: Plan, client: BatchClient) -> None:
    try:
        client.get_pool(plan.pool.id, select=["id"])
    except ResourceNotFoundError as exc:
        raise BadInput(f"pool '{plan.pool.id}' is not there any more; run `shoal up` to make it again") from exc


def _has_ended(plan: Plan, client: BatchClient) -> bool:
    """True where the job exists and takes no more tasks. Raises BadInput where it exists on another pool."""
    try:
        job = client.get_job(plan.job_id)
    except ResourceNotFoundError:
        return False
    if job.pool_info.pool_id != plan.pool.id:
        raise BadInput(
            f"job '{plan.job_id}' is there already, on pool '{job.pool_info.pool_id}', not '{plan.pool.id}'; "
            "name another with -p run=NAME or --job ID"
        )
    return job.state in _ENDED


def _nothing_to_add(job: BoundJob, plan: Plan, client: BatchClient) -> Submission:
    """Accept a job that has ended, where it lacks no task."""
    there = {task.id for task in client.list_tasks(plan.job_id, select=["id"])}
    planned = missing = 0
    for task in all_tasks(job):
        planned += 1
        missing += task["id"] not in there
    if missing:
        raise BadInput(
            f"job '{plan.job_id}' has ended, without {missing} of these {planned} tasks, and takes no more; "
            "name another with -p run=NAME or --job ID"
        )
    return Submission(job_id=plan.job_id, added=0, already_there=planned)


def _create_job(client: BatchClient, body: dict[str, Any]) -> None:
    try:
        client.create_job(BatchJobCreateOptions(body))
    except ResourceExistsError as exc:
        # An earlier submission made it, and only its missing tasks are added.
        if error_code(exc) != "JobExists":
            raise


def _refuse_partial(added: Added, plan: Plan) -> None:
    if added.refused:
        there = added.added + added.already_there
        raise WorkFailed(
            f"job '{plan.job_id}' has {there} of its tasks; {added.refused} were refused, among them:\n"
            + "\n".join(f"  {refusal.task_id}: {refusal.code} {refusal.message}" for refusal in added.refusals)
        )


def _end_with_last_task(client: BatchClient, job_id: str) -> None:
    """Source: Batch REST, Job - Update: onAllTasksComplete goes from noaction to terminatejob, never back."""
    try:
        client.update_job(
            job_id, BatchJobUpdateOptions(all_tasks_complete_mode=BatchAllTasksCompleteMode.TERMINATE_JOB)
        )
    except ResourceExistsError as exc:
        # A job may be ended, by its time limit or a failed task, while its tasks are still being added.
        if error_code(exc) not in _ENDED_CODES:
            raise
