"""Reads the record of a run from Batch: its jobs, their tasks a page at a time, the pool and its nodes."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from azure.batch.models import BatchJob, BatchTask
from azure.core.exceptions import ResourceNotFoundError

from shoal.connect import Services, plain_word
from shoal.environment import to_json
from shoal.jobs.barrier_ids import is_barrier
from shoal.manifest.manifest import Manifest
from shoal.manifest.storage import stored_manifest
from shoal.report.record import JobState, PoolRecord, Record, TaskRecord
from shoal.runs.job_task_failures import failed_job_tasks
from shoal.runs.retry.jobs_of_run import JobsOfRun, jobs_of_run
from shoal.runs.why.failed_tasks import failures_of_job
from shoal.runs.why.failure_summary import summaries
from shoal.runs.why.stages import stage_of

COLUMNS = ["id", "state", "creationTime", "requiredSlots", "executionInfo", "nodeInfo"]


def read_record(services: Services, job_id: str) -> Record:
    """Read all jobs of the run that a job belongs to. Raises BadInput where there is no such job."""
    run = jobs_of_run(services.batch, job_id)
    tasks = {task.id.lower(): task for job in run.jobs for task in _tasks(services, job, run)}
    pool = _pool(services, run.last)
    manifest = stored_manifest(services, run.record.folder(str(run.last.id))) if run.record else None
    return Record(
        run_id=run.record.run_id if run.record else "",
        run_name=run.record.run_name if run.record else "",
        read_at=datetime.now(UTC),
        jobs=[_job(services, job, list(tasks.values())) for job in run.jobs],
        pool=pool,
        tasks=list(tasks.values()),
        stages=run.stages,
        nodes_there=_nodes(services, pool),
        environment=to_json(services.environment),
        parameters=manifest.parameters if manifest else {},
        withheld=manifest.withheld if manifest else (),
        origin=_origin(manifest) if manifest else {},
    )


def _tasks(services: Services, job: BatchJob, run: JobsOfRun) -> Iterator[TaskRecord]:
    listed = services.batch.list_tasks(str(job.id), select=COLUMNS)
    return (task_record(task, str(job.id), run.stages) for task in listed if not is_barrier(str(task.id)))


def task_record(task: BatchTask, job_id: str, stages: Iterable[str]) -> TaskRecord:
    record = TaskRecord(
        id=str(task.id),
        job=job_id,
        stage=stage_of(str(task.id), stages) or "",
        state=plain_word(task.state) or "",
        slots=task.required_slots or 1,
        node=(task.node_info.node_id if task.node_info else None) or "",
        created=task.creation_time,
    )
    execution = task.execution_info
    if execution is None:
        return record
    return replace(
        record,
        result=plain_word(execution.result) or "",
        exit_code=execution.exit_code,
        failure=(execution.failure_info.code if execution.failure_info else None) or "",
        retries=execution.retry_count or 0,
        requeues=execution.requeue_count or 0,
        started=execution.start_time,
        ended=execution.end_time,
    )


def _job(services: Services, job: BatchJob, tasks: list[TaskRecord]) -> JobState:
    """Return the state of a job, and the failures of its tasks that no later job of the run has mended."""
    job_id = str(job.id)
    failures = failures_of_job(services, job_id, total=sum(task.failed for task in tasks if task.job == job_id))
    return JobState(
        id=job_id,
        state=plain_word(job.state) or "",
        reason=(job.execution_info.termination_reason if job.execution_info else None) or "",
        created=job.creation_time,
        ended=job.execution_info.end_time if job.execution_info else None,
        failures=summaries(failures),
        failures_read=failures.sampling,
        own_tasks_failed=failed_job_tasks(services.batch, job_id),
    )


def _origin(manifest: Manifest) -> dict[str, Any]:
    return {
        "job file": manifest.file.name,
        "sha256": manifest.file.sha256,
        "image": manifest.pool.get("image"),
        "commit": manifest.git.id if manifest.git else None,
        "clean": manifest.git.clean if manifest.git else None,
        "packages": {name: package["version"] for name, package in manifest.packages.items()},
        "versions": manifest.versions,
    }


def _pool(services: Services, job: BatchJob) -> PoolRecord:
    pool_id = str((job.execution_info.pool_id if job.execution_info else None) or job.pool_info.pool_id)
    try:
        pool = services.batch.get_pool(pool_id, select=["id", "vmSize", "taskSlotsPerNode"])
    except ResourceNotFoundError:
        known = services.environment.pool_of_id(pool_id)
        size, slots = (known.vm_size, known.task_slots_per_node) if known else ("", 1)
        return PoolRecord(id=pool_id, vm_size=size, slots_per_node=slots, is_there=False)
    return PoolRecord(id=pool_id, vm_size=pool.vm_size or "", slots_per_node=pool.task_slots_per_node or 1)


def _nodes(services: Services, pool: PoolRecord) -> dict[str, bool]:
    """Return the nodes that are there, and whether each is a Spot node."""
    if not pool.is_there:
        return {}
    listed = services.batch.list_nodes(pool.id, select=["id", "isDedicated"])
    return {str(node.id): not node.is_dedicated for node in listed}
