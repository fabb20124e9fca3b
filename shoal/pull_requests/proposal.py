"""A proposed change to a stack: its previewed steps, pools and jobs, and their cost."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shoal.autoscale.review import review, shown
from shoal.autoscale.ticks import from_timedelta
from shoal.azure.limits import accepted_evaluation_interval
from shoal.deploy.resources.properties import is_known
from shoal.deploy.steps import ResourceStep, StepOperation
from shoal.forecast.staged_work import StageWork
from shoal.pull_requests.pool_cost import Assumption, PoolCost, UnknownCost, estimate
from shoal.pull_requests.previewed_pools import PreviewedPool, previewed_pools
from shoal.stack_jobs.configuration import ListedJob
from shoal.stack_jobs.job_preview import ExpectedJob, expected_environment, expected_jobs
from shoal.stack_jobs.submission import PlannedJob, plan_all


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedJob:
    file: str
    job_id: str | None
    """None if only the deployment can know it."""
    pool: str
    tasks: int
    slots: int
    missing: int
    """Tasks that would be added."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """The linter's findings in the formula of one pool."""

    subject: str
    """The pool's id."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Everything that a merge would do to a stack."""

    stack: str
    steps: Sequence[ResourceStep] = ()
    pools: Sequence[PreviewedPool] = ()
    jobs: Sequence[ProposedJob] = ()
    costs: Sequence[PoolCost | UnknownCost] = ()
    doubts: Sequence[Doubt] = ()
    sections: Sequence[tuple[str, str]] = ()
    """Titles and texts of further sections, such as the findings of policies."""
    error: str | None = None
    """The reason for which the preview failed, if it did."""


def propose(
    stack: str,
    steps: Sequence[ResourceStep],
    outputs: Mapping[str, Any],
    listed: Sequence[ListedJob],
    assumption: Assumption,
    sections: Sequence[tuple[str, str]],
) -> Proposal:
    """Gather what a previewed stack and its listed jobs come to. Raises BadInput for a job that cannot be submitted."""
    jobs: list[tuple[PlannedJob, ExpectedJob]] = []
    if listed:
        environment = expected_environment(outputs)
        planned = plan_all(listed, environment)
        jobs = list(zip(planned, expected_jobs(planned, environment), strict=True))
    pools = previewed_pools(steps)
    return Proposal(
        stack=stack,
        steps=steps,
        pools=pools,
        jobs=[_job(plan, expected) for plan, expected in jobs],
        costs=list(_costs(pools, jobs, assumption)),
        doubts=list(_doubts(pools)),
        sections=sections,
    )


def _job(planned: PlannedJob, expected: ExpectedJob) -> ProposedJob:
    return ProposedJob(
        file=expected.file,
        job_id=expected.job_id,
        pool=_pool_of(planned),
        tasks=expected.tasks,
        slots=planned.plan.slots,
        missing=expected.missing,
    )


def _pool_of(planned: PlannedJob) -> str:
    """Return the pool's id, or the name that the job gives it if only the deployment can know the id."""
    id_ = planned.plan.pool.id
    return id_ if is_known(id_) else planned.bound.job_file.spec.job.pool


def _costs(
    pools: Iterable[PreviewedPool], jobs: Sequence[tuple[PlannedJob, ExpectedJob]], assumption: Assumption
) -> Iterable[PoolCost | UnknownCost]:
    """Yield the cost of each pool. A job with some tasks missing counts in full: the missing ones are not known."""
    work: dict[str, list[StageWork]] = {}
    for planned, expected in jobs:
        if expected.missing:
            work.setdefault(_pool_of(planned), []).extend(_stages(planned))
    for pool in pools:
        stages = work.pop(pool.id, [])
        if pool.operation is not StepOperation.DELETE and (cost := estimate(pool, stages, assumption)):
            yield cost
    for name, stages in work.items():
        yield UnknownCost(pool=name, tasks=sum(s.tasks for s in stages), reason="the program does not declare the pool")


def _stages(planned: PlannedJob) -> Iterable[StageWork]:
    for stage in planned.plan.stages:
        yield StageWork(
            job=planned.listed.key, name=stage.name, after=stage.after, tasks=stage.tasks, slots=stage.slots
        )


def _doubts(pools: Iterable[PreviewedPool]) -> Iterable[Doubt]:
    """Yield the linter's findings in the formulas that the pools would have."""
    for pool in pools:
        if pool.formula is None or pool.operation is StepOperation.DELETE:
            continue
        interval = from_timedelta(accepted_evaluation_interval(pool.interval))
        findings = review(pool.formula, interval=interval)
        if findings:
            text = "\n".join(shown(finding, pool.formula, "autoScaleFormula") for finding in findings)
            yield Doubt(subject=pool.id, text=text)
