"""Files that the tasks of an ended stage have left, of which later stages get a task each.

The barrier of such a stage tells that it has ended: Batch itself decides when that may run, after failures too.
"""

from collections.abc import Sequence, Set

from azure.batch import BatchClient
from azure.batch.models import BatchTaskExecutionResult, BatchTaskState
from azure.core.exceptions import ResourceNotFoundError

from shoal.connect import Services
from shoal.errors import WorkFailed
from shoal.jobs.binding.blob_lists import names_below
from shoal.jobs.binding.bound_job import BoundJob
from shoal.jobs.file.file_name import OutputName
from shoal.jobs.run_folder import run_folder
from shoal.jobs.sweep.stage_outputs import matching_rows
from shoal.jobs.tasks.stage_dependencies import barrier_id


def with_ended_stages(
    job: BoundJob, run_id: str, services: Services, skipped: Set[str], *, job_ids: Sequence[str] = ()
) -> BoundJob:
    """Return the job with the outputs of the stages that have ended, or were skipped with their barriers.

    `job_ids` are the jobs of the run, oldest first, where there are several.
    """
    # Again for the stages that wait for those: their tasks may have ended too.
    while ended := [
        name
        for name in job.awaited_stages
        if barrier_id(name) in skipped or _has_ended(services.batch, job_ids or [job.job_file.job_id], name)
    ]:
        for name in ended:
            job = job.with_outputs(name, _outputs(job, name, run_id, services))
    return job


def refuse_without_files(job: BoundJob) -> None:
    """Raise WorkFailed for a stage that is to run for each file, where there is none."""
    for stage in job.stages:
        sweep = stage.spec.for_each
        if sweep is None or sweep.outputs is None or sweep.outputs not in job.outputs:
            continue
        if not any(matching_rows(job.outputs[sweep.outputs], sweep.pattern)):
            raise WorkFailed(
                f"stage '{sweep.outputs}' of job '{job.job_file.job_id}' left no file that matches "
                f"'{sweep.pattern}', so that '{stage.name}' gets no task; the job is left as it is, and `shoal cancel` "
                "ends it"
            )


def _has_ended(client: BatchClient, job_ids: Sequence[str], stage: str) -> bool:
    """Return True where the barrier has succeeded in the latest job that has it."""
    for job_id in reversed(job_ids):
        try:
            barrier = client.get_task(job_id, barrier_id(stage))
        except ResourceNotFoundError:
            continue
        execution = barrier.execution_info
        succeeded = execution is not None and execution.result == BatchTaskExecutionResult.SUCCESS
        return barrier.state == BatchTaskState.COMPLETED and succeeded
    return False


def _outputs(job: BoundJob, stage: str, run_id: str, services: Services) -> tuple[OutputName, ...]:
    container = services.blobs.get_container_client(services.environment.containers.outputs)
    prefix = f"{run_folder(job.job_file.job_id, run_id)}/{stage}/"
    return tuple(OutputName(blob.removeprefix(prefix), blob.size) for blob in names_below(container, prefix))
