"""Rules for jobs that a schedule makes: nobody adds their tasks, ends them or watches them but Batch itself. Pure."""

from collections.abc import Iterator
from datetime import datetime

from shoal.errors import BadInput
from shoal.jobs.binding.bound_job import BoundJob
from shoal.jobs.file.document import Location
from shoal.jobs.file.mistakes import MistakeList
from shoal.jobs.file.schedule_spec import Times, times_of
from shoal.jobs.file.task_spec import OnFailure, Skip
from shoal.jobs.schedule.recurrence import recurrence

NEVER_STUCK = (OnFailure.CONTINUE, OnFailure.STOP)


def refuse_unschedulable(job: BoundJob, now: datetime) -> None:
    """Raise the mistakes of a job file with a schedule that no schedule can do."""
    mistakes, schedule = MistakeList(), job.job_file.spec.job.schedule
    if schedule is not None:
        for place, sentence in [*_about_times(times_of(schedule), now), *_about_id(job), *_about_stages(job)]:
            mistakes.extend(job.job_file.document.mistake(place, sentence).mistakes)
    mistakes.refuse()


def _about_times(times: Times, now: datetime) -> Iterator[tuple[Location, str]]:
    """Yield an end that has passed, or comes before the first job."""
    try:
        recurrence(times, now)
    except BadInput as exc:
        yield ("job", "schedule"), str(exc)


def _about_id(job: BoundJob) -> Iterator[tuple[Location, str]]:
    run, job_id = str(job.job_file.names["run"]), job.job_file.job_id
    if run in job_id:
        yield (
            ("job", "id"),
            "a schedule needs an id that stays the same from one submission to the next: give `id` without {{ run }}; "
            f"Batch numbers its jobs, as in {job_id.replace(run, '').strip('-_') or 'nightly'}:job-1",
        )


def _about_stages(job: BoundJob) -> Iterator[tuple[Location, str]]:
    for stage in job.stages:
        place = ("stages", stage.index)
        if stage.name in job.deferred_stages:
            sentence = (
                "tasks for files of an earlier stage are added by `shoal run` or `watch`, which no schedule calls"
            )
            yield (*place, "for_each"), f"{sentence}; run the job from cron or CI instead"
        if stage.spec.skip is Skip.EXISTS:
            sentence = "which tasks are skipped is decided when `shoal` adds them, and a schedule adds all by itself"
            yield (*place, "skip"), f"{sentence}; leave `skip` out"
    yield from _about_stuck_jobs(job)


def _about_stuck_jobs(job: BoundJob) -> Iterator[tuple[Location, str]]:
    """Yield stages after whose failure a job would stay active for ever, and the schedule would make no other one."""
    if job.job_file.spec.job.max_time is not None:
        return
    awaited = {name for stage in job.stages for name in stage.spec.waits_for}
    for stage in job.stages:
        if stage.name in awaited and stage.spec.on_failure not in NEVER_STUCK:
            yield (
                ("stages", stage.index),
                f"after a failure in '{stage.name}', the tasks that wait for it would keep the job active for ever, "
                "and a schedule makes no job while another one is active; set `on_failure` to stop or continue, or a "
                "`max_time` of the job",
            )
