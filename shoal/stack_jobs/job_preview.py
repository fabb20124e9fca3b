"""The jobs that a deployment would submit, as a preview of the stack shows them."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from typing import Any

from azure.batch import BatchClient
from azure.core.exceptions import ResourceNotFoundError

from shoal.azure.limits import TASK_SLOTS_PER_NODE
from shoal.connect import Services, connected
from shoal.deploy.resources.properties import UNKNOWN, is_known
from shoal.environment import Environment, from_json
from shoal.errors import ShoalError
from shoal.jobs.schedule.submission import ScheduleChange, expected_change
from shoal.jobs.submit.plan import make_plan
from shoal.stack_jobs.submission import PlannedJob


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedJob:
    file: str
    job_id: str | None
    """None if only the deployment can know it."""
    tasks: int
    """Tasks of the job, or of each job of a schedule."""
    missing: int
    """Tasks that would be added; of a schedule that would be added or replaced, those of one job."""
    wait: bool
    is_schedule: bool = False
    change: ScheduleChange | None = None
    """The change of a schedule. None for a job, and where only the deployment can know it."""


def expected_environment(outputs: Mapping[str, Any]) -> Environment:
    """Return the environment of a previewed stack; what only the deployment can know is UNKNOWN. Raises BadInput."""
    pools = outputs.get("pools")
    if not isinstance(pools, dict):
        return from_json(outputs)
    # In a preview, outputs that only the deployment can know are UNKNOWN or not there at all.
    blank = {field.name: UNKNOWN for field in fields(Environment)}
    known = {name: {"id": UNKNOWN, "vm_size": UNKNOWN, **pool, **_slots(pool)} for name, pool in pools.items()}
    return from_json({**blank, "packages": {}, **outputs, "pools": known})


def expected_jobs(jobs: Sequence[PlannedJob], environment: Environment) -> list[ExpectedJob]:
    """Return what would be submitted, without the tasks that the service has already.

    Where the service cannot be asked, or the user may not read jobs, all tasks count as missing.
    """
    if is_known(asdict(environment)):
        with suppress(ShoalError), connected(environment) as services:
            return [_asked(job, services) for job in jobs]
    return [_expected(job, missing=job.tasks) for job in jobs]


def _asked(job: PlannedJob, services: Services) -> ExpectedJob:
    """Ask the service about one job."""
    if not job.is_schedule:
        return _expected(job, missing=_missing(job, services.batch))
    change = expected_change(job.bound, make_plan(job.bound), services)
    return _expected(job, missing=0 if change is ScheduleChange.THERE else job.tasks, change=change)


def _expected(job: PlannedJob, *, missing: int, change: ScheduleChange | None = None) -> ExpectedJob:
    # The id of a schedule holds no name of a run.
    job_id = job.plan.job_id if job.is_named or job.is_schedule else None
    return ExpectedJob(
        file=job.listed.file,
        job_id=job_id,
        tasks=job.tasks,
        missing=missing,
        wait=job.listed.wait,
        is_schedule=job.is_schedule,
        change=change,
    )


def _missing(job: PlannedJob, client: BatchClient) -> int:
    if not job.is_named:
        return job.tasks
    try:
        counts = client.get_job_task_counts(job.plan.job_id).task_counts
    except ResourceNotFoundError:
        return job.tasks
    # Not below 0: others may have added tasks of their own to the job.
    return max(0, job.tasks - counts.active - counts.running - counts.completed)


def _slots(pool: Mapping[str, Any]) -> dict[str, int]:
    # The most that Batch allows stands for an unknown number: the plan then refuses no task for its slots.
    slots = pool.get("task_slots_per_node")
    return {"task_slots_per_node": slots if isinstance(slots, int) else TASK_SLOTS_PER_NODE}
