"""The check of a job file alone, without a stack and without a service."""

from dataclasses import dataclass, replace
from typing import Any

from shoal.azure.limits import TASK_SLOTS_PER_NODE
from shoal.environment import Authentication, Containers, Environment, Package, Pool
from shoal.errors import BadInput
from shoal.jobs.binding.blob_lists import BlobLists, made_up
from shoal.jobs.binding.bound_job import BoundJob, bind
from shoal.jobs.file.job_file import UNSETTLED_POOL, JobFile
from shoal.jobs.file.mistakes import Mistake, Mistakes
from shoal.jobs.submit.plan import Plan, make_plan

NOWHERE = Environment(
    project="",
    stack="",
    subscription_id="",
    resource_group="",
    location="",
    arm_endpoint="",
    batch_account="",
    batch_endpoint="",
    storage_account="",
    storage_resource_group="",
    blob_endpoint="",
    authentication=Authentication.ENTRA,
    containers=Containers(inputs="inputs", outputs="outputs", logs="logs"),
    node_identity=None,
    pools={},
    packages={},
)
"""An environment without addresses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCheck:
    """The result: a plan, or everything that is wrong."""

    job_id: str
    plan: Plan | None
    problems: tuple[Mistake, ...]
    unchecked: tuple[str, ...] = ()
    """The points that only a service knows, with file and line. Their templates were tried with a made-up blob."""


def check_file(job_file: JobFile) -> FileCheck:
    """Plan the job where everything is that the file names, with nodes as large as Batch has them."""
    environment = _fitting(job_file)
    job = bind(job_file, environment, BlobLists(environment, made_up, are_made_up=True))
    try:
        plan = make_plan(job)
    except BadInput as exc:
        return FileCheck(job_id=job_file.job_id, plan=None, problems=problems_of(exc), unchecked=_unchecked(job))
    return FileCheck(job_id=job_file.job_id, plan=plan, problems=(), unchecked=_unchecked(job))


def _unchecked(job: BoundJob) -> tuple[str, ...]:
    return tuple(
        f"{job.job_file.document.at([*stage.location, 'for_each'])}: the points of stage '{stage.name}', which are "
        "blobs; `shoal plan` lists them"
        for stage in job.stages
        if stage.has_unseen_blobs
    )


def problems_of(exc: BadInput) -> tuple[Mistake, ...]:
    return exc.mistakes if isinstance(exc, Mistakes) else (Mistake(line=0, message=str(exc)),)


def problems_json(problems: tuple[Mistake, ...]) -> list[dict[str, Any]]:
    """Return the problems for scripts; the line is None where a problem has no place in the file."""
    return [{"line": problem.line or None, "message": problem.message} for problem in problems]


def _fitting(job_file: JobFile) -> Environment:
    """Return an environment that has the pool and the packages of the file."""
    pool = job_file.spec.job.pool
    packages = {name for stage in job_file.spec.stages for name in stage.packages}
    return replace(
        NOWHERE,
        pools={} if pool == UNSETTLED_POOL else {pool: _largest(pool)},
        packages={name: Package(application=name, version="1") for name in packages},
    )


def _largest(pool: str) -> Pool:
    return Pool(id=pool, vm_size="", task_slots_per_node=TASK_SLOTS_PER_NODE)
