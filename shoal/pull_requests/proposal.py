"""What a previewed stack and its listed jobs come to: the facts of a comment, gathered."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shoal.autoscale.review import review, shown
from shoal.autoscale.ticks import from_timedelta
from shoal.azure.limits import accepted_evaluation_interval
from shoal.deploy.resources.properties import is_known
from shoal.deploy.steps import ResourceStep, StepOperation
from shoal.pull_requests.comment import Doubt, Proposal, ProposedJob
from shoal.pull_requests.pool_cost import Assumption, PoolCost, StageWork, UnknownCost, estimate
from shoal.pull_requests.previewed_pools import PreviewedPool, previewed_pools
from shoal.stack_jobs.configuration import ListedJob
from shoal.stack_jobs.submission import ExpectedJob, PlannedJob, expected, expected_environment, plan_all


def propose(
    stack: str,
    steps: Sequence[ResourceStep],
    outputs: Mapping[str, Any],
    listed: Sequence[ListedJob],
    assumption: Assumption,
    sections: Sequence[tuple[str, str]],
) -> Proposal:
    """Raises BadInput for a listed job that could not be submitted."""
    jobs: list[tuple[PlannedJob, ExpectedJob]] = []
    if listed:
        environment = expected_environment(outputs)
        planned = plan_all(listed, environment)
        jobs = list(zip(planned, expected(planned, environment), strict=True))
    pools = previewed_pools(steps)
    return Proposal(
        stack=stack,
        steps=steps,
        pools=pools,
        jobs=[_job(plan, expects) for plan, expects in jobs],
        costs=list(_costs(pools, jobs, assumption)),
        doubts=list(_doubts(pools)),
        sections=sections,
    )


def _job(planned: PlannedJob, expects: ExpectedJob) -> ProposedJob:
    return ProposedJob(
        file=expects.file,
        job_id=expects.job_id,
        pool=_pool_of(planned),
        tasks=expects.tasks,
        slots=planned.plan.slots,
        missing=expects.missing,
    )


def _pool_of(planned: PlannedJob) -> str:
    """Its id, or the name by which the job knows it while only the deployment can know the id."""
    id_ = planned.plan.pool.id
    return id_ if is_known(id_) else planned.bound.job_file.spec.job.pool


def _costs(
    pools: Iterable[PreviewedPool], jobs: Sequence[tuple[PlannedJob, ExpectedJob]], assumption: Assumption
) -> Iterable[PoolCost | UnknownCost]:
    """A job that lacks some of its tasks is counted whole: which they are is not asked."""
    work: dict[str, list[StageWork]] = {}
    for planned, expects in jobs:
        if expects.missing:
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
    """What the linter finds in the formulas that the pools would have."""
    for pool in pools:
        if pool.formula is None or pool.operation is StepOperation.DELETE:
            continue
        interval = from_timedelta(accepted_evaluation_interval(pool.interval))
        found = review(pool.formula, interval=interval)
        if found:
            text = "\n".join(shown(finding, pool.formula, "autoScaleFormula") for finding in found)
            yield Doubt(subject=pool.id, text=text)
