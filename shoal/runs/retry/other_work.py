"""Refuses a file as the correction of a run with which it has nothing in common: its tasks would run as that run."""

from collections.abc import Sequence, Set

from shoal.errors import BadInput
from shoal.jobs.barrier_ids import is_barrier
from shoal.jobs.binding.bound_job import BoundJob
from shoal.jobs.run_record import RunRecord
from shoal.runs.job_queries import task_key


def refuse_other_stages(job: BoundJob, run_id: str, then: RunRecord) -> None:
    """Raise BadInput for a file without any stage of the run; `run_id` is the job that began it."""
    known, own = [*then.stages, *then.deferred], [stage.name for stage in job.stages]
    if not set(known) & set(own):
        path = job.job_file.document.path
        raise BadInput(
            f"{path} is no correction of job '{run_id}': that has the stages {', '.join(known)}, and the file has "
            f"{', '.join(own)}. Nothing was changed; {_other_ways(job)}"
        )


def refuse_other_tasks(job: BoundJob, run_id: str, planned: Sequence[str], known: Set[str]) -> None:
    """Raise BadInput for a file without any task of the run; `known` are the ids of its tasks, in lower case."""
    tasks = {task_key(task) for task in planned if not is_barrier(task)}
    there = {task for task in known if not is_barrier(task)}
    if there and tasks.isdisjoint(there):
        path = job.job_file.document.path
        raise BadInput(
            f"{path} is no correction of job '{run_id}': none of its {len(tasks)} tasks, such as {min(tasks)}, is "
            f"among the {len(there)} of the job, such as {min(there)}. Nothing was changed; give the file and the "
            f"values (-p) that the job was submitted with, corrected, or {_other_ways(job)}"
        )


def _other_ways(job: BoundJob) -> str:
    return f"`shoal submit {job.job_file.document.path} --job ID` adds it as another job"
