"""A probe: the first tasks of each stage, run as a job of their own, measured and removed."""

from dataclasses import replace
from itertools import islice

from shoal.connect import Services
from shoal.errors import WorkFailed
from shoal.jobs.binding.bound_job import BoundJob, BoundStage
from shoal.jobs.file.spec import Stage
from shoal.jobs.file.sweep_spec import ForEach
from shoal.jobs.file.task_spec import Skip
from shoal.jobs.submit.plan import make_plan
from shoal.jobs.submit.submit import submit
from shoal.jobs.sweep.sweep import points
from shoal.runs.job_queries import BatchJobQueries
from shoal.runs.removal import find_removal, remove
from shoal.runs.task_durations import task_durations
from shoal.runs.watch import watch

SUFFIX = "-probe"


def probe(job: BoundJob, services: Services, count: int) -> dict[str, list[float]]:
    """Return the durations of the stages' tasks in seconds. Raises WorkFailed if one of the tasks fails.

    The job is removed with its outputs and logs, also after a failure or an interrupt.
    """
    first = first_tasks(job.once, count)
    job_id = first.job_file.job_id
    submit(first, make_plan(first), services)
    try:
        ending = watch(BatchJobQueries(services.batch, job_id), on_snapshot=lambda _: None, on_silence=lambda _: None)
        if not ending.succeeded:
            raise WorkFailed(f"the probe did not succeed: {ending.problem}; try a few tasks with `shoal run`")
        return task_durations(services.batch, job_id, [stage.name for stage in first.stages])
    finally:
        remove(services, find_removal(services, job_id, None, outputs=True))


def first_tasks(job: BoundJob, count: int) -> BoundJob:
    """Return the job with the first points of each stage only, under an id of its own."""
    job_file = job.job_file
    job_id = probe_id(job)
    stages = [_shortened(stage, count) for stage in job.stages]
    shortened = replace(
        job_file,
        spec=job_file.spec.model_copy(update={"stages": stages}),
        job_id=job_id,
        names={**job_file.names, "job": job_id},
    )
    return replace(job, job_file=shortened)


def probe_id(job: BoundJob) -> str:
    """Return the id of the probe's job."""
    return f"{job.job_file.job_id[: 64 - len(SUFFIX)]}{SUFFIX}"


def _shortened(stage: BoundStage, count: int) -> Stage:
    # What is skipped cannot be measured.
    spec = stage.spec.model_copy(update={"skip": Skip.NEVER})
    if spec.for_each is None:
        return spec
    # Not validated: names of files keep their sizes, which templates may use.
    sweep = ForEach.model_construct(include=list(islice(points(stage), count)))
    return spec.model_copy(update={"for_each": sweep})
