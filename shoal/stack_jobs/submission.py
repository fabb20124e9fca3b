"""The submission of a stack's listed jobs: all are planned first, then each is submitted by itself."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum

from azure.batch import BatchClient
from azure.batch.models import BatchJobState

from shoal.connect import Services, explained
from shoal.deploy.resources.properties import is_known
from shoal.environment import Environment
from shoal.errors import BadInput, ShoalError
from shoal.jobs.binding.bound_job import BoundJob, bind
from shoal.jobs.file.job_file import read_job_file
from shoal.jobs.schedule.submission import ScheduleChange, submit_schedule
from shoal.jobs.submit.changes import OnChange
from shoal.jobs.submit.content_hash import content_hash, planned_without_name
from shoal.jobs.submit.plan import Plan, make_plan
from shoal.jobs.submit.submit import submit
from shoal.runs.job_ending import JobEnding
from shoal.stack_jobs.configuration import ListedJob


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedJob:
    listed: ListedJob
    bound: BoundJob
    plan: Plan
    is_named: bool
    """True if the job's id is known: a package's version, on which it depends, may be known only once deployed."""

    @property
    def tasks(self) -> int:
        """The number of its tasks; of a schedule, those of each job."""
        return self.plan.tasks + self.plan.barriers

    @property
    def is_schedule(self) -> bool:
        return self.bound.job_file.spec.job.schedule is not None


class SubmissionState(StrEnum):
    SUBMITTED = "submitted"
    """Tasks were added: all, or the missing ones."""
    THERE = "already there"
    DONE = "done already"
    REPLACED = "replaced"
    """A schedule whose later jobs have another definition."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmittedJob:
    file: str
    job_id: str
    """The id of the job, or of the schedule."""
    state: SubmissionState
    tasks: int
    added: int = 0
    is_schedule: bool = False
    next_run: datetime | None = None
    """The time of a schedule's next job."""
    error: str | None = None
    ending: JobEnding | None = None
    """How the job ended, if it was waited for."""


SCHEDULE_STATES = {
    ScheduleChange.ADDED: SubmissionState.SUBMITTED,
    ScheduleChange.REPLACED: SubmissionState.REPLACED,
    ScheduleChange.THERE: SubmissionState.THERE,
}
OnSubmitted = Callable[[SubmittedJob], None]
Watch = Callable[[SubmittedJob], JobEnding]
"""Waits for the job, and returns how it ended."""


def plan_all(jobs: Sequence[ListedJob], environment: Environment) -> list[PlannedJob]:
    """Plan every job. Raises BadInput with everything that is wrong with any of them."""
    planned, faults = [], []
    for job in jobs:
        try:
            planned.append(_planned(job, environment))
        except BadInput as exc:
            faults += [f"{job.key}: {line}" for line in str(exc).splitlines()]
    if faults:
        raise BadInput("\n".join(faults))
    _refuse_twins(planned)
    return planned


def submit_all(
    jobs: Sequence[PlannedJob], services: Services, *, watch: Watch, on_submitted: OnSubmitted
) -> list[SubmittedJob]:
    """Submit every job, also after a failure of one, then wait for those whose configuration says so."""
    results = []
    for job in jobs:
        results.append(_submitted(job, services))
        on_submitted(results[-1])
    return [_waited(result, watch) if job.listed.wait else result for job, result in zip(jobs, results, strict=True)]


def _planned(job: ListedJob, environment: Environment) -> PlannedJob:
    given = dict(job.parameters)
    name = given.pop("run", None)
    # A placeholder first: the run is named after the hash of what the tasks are, which the name must not be part of.
    unnamed, plan = planned_without_name(job.path, given, environment)
    if job.wait and unnamed.job_file.spec.job.schedule is not None:
        raise BadInput(f"{job.path} has a schedule, whose jobs nobody waits for; leave `wait` out")
    run = content_hash(unnamed, plan) if name is None else str(name)
    bound = bind(read_job_file(job.path, given=given, run=run), environment)
    return PlannedJob(
        listed=job,
        bound=bound,
        # The counts hold under the real name too. The content of its tasks does not: see `_submitted`.
        plan=replace(plan, job_id=bound.job_file.job_id),
        is_named=name is not None or _is_content_known(unnamed, plan),
    )


def _is_content_known(job: BoundJob, plan: Plan) -> bool:
    packages = [stage.packages for stage in job.stages]
    return is_known(plan.pool.id) and all(is_known(asdict(one)) for used in packages for one in used.values())


def _refuse_twins(planned: Sequence[PlannedJob]) -> None:
    seen: dict[str, PlannedJob] = {}
    for job in planned:
        # The second of two jobs with one id would only find the first one's tasks, or add its own to them.
        twin = seen.setdefault(job.plan.job_id, job)
        if twin is not job:
            raise BadInput(
                f"{job.listed.key} ({job.listed.file}) is the same job as {twin.listed.key}, '{job.plan.job_id}'; "
                "give them different parameters, or ids that hold {{ run }}"
            )


def _submitted(job: PlannedJob, services: Services) -> SubmittedJob:
    file, job_id, tasks = job.listed.file, job.plan.job_id, job.tasks
    try:
        with explained(services.environment):
            if job.is_schedule:
                return _submitted_schedule(job, services)
            submission = submit(job.bound, make_plan(job.bound), services)
            state = SubmissionState.SUBMITTED if submission.added else _state_of(job_id, services.batch)
    except ShoalError as exc:
        return SubmittedJob(file=file, job_id=job_id, state=SubmissionState.FAILED, tasks=tasks, error=str(exc))
    return SubmittedJob(file=file, job_id=job_id, state=state, tasks=tasks, added=submission.added)


def _submitted_schedule(job: PlannedJob, services: Services) -> SubmittedJob:
    """Add or replace the schedule: the stack's files are its definition."""
    submission = submit_schedule(job.bound, make_plan(job.bound), services, on_change=OnChange.REPLACE)
    return SubmittedJob(
        file=job.listed.file,
        job_id=submission.schedule_id,
        state=SCHEDULE_STATES[submission.change],
        tasks=submission.tasks,
        is_schedule=True,
        next_run=submission.next_run,
    )


def _state_of(job_id: str, client: BatchClient) -> SubmissionState:
    return SubmissionState.DONE if client.get_job(job_id).state == BatchJobState.COMPLETED else SubmissionState.THERE


def _waited(result: SubmittedJob, watch: Watch) -> SubmittedJob:
    if result.state is SubmissionState.FAILED:
        return result
    try:
        ending = watch(result)
    except ShoalError as exc:
        return replace(result, state=SubmissionState.FAILED, error=str(exc))
    if ending.succeeded:
        return replace(result, ending=ending)
    return replace(result, state=SubmissionState.FAILED, ending=ending, error=ending.problem)
