"""The forecast of a planned job, from the facts of its pool and durations of its tasks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from shoal.autoscale.durations import parse_duration
from shoal.autoscale.errors import AutoscaleFault, InputFault
from shoal.azure.limits import DEFAULT_EVALUATION_INTERVAL
from shoal.azure.vm_sizes import VM_SIZES
from shoal.errors import BadInput
from shoal.forecast.forecast import ASSUMED_EVICTIONS, Forecast, ForecastPool, StageDurations, forecast
from shoal.forecast.prices import PriceList
from shoal.forecast.staged_work import StageWork
from shoal.jobs.binding.bound_job import BoundJob
from shoal.jobs.preflight.service_facts import PoolFacts, Quotas, ServiceFacts
from shoal.jobs.submit.plan import Plan
from shoal.suggestion import suggestion

NONE_SKIPPED: Mapping[str, int] = MappingProxyType({})
HOW_TO = "give durations: --expect 30s, expected_time in each stage, --like JOB, or --probe 5"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDurations:
    """Durations by stage, and where they come from."""

    stages: Mapping[str, StageDurations]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobForecast:
    """A forecast, or the reason why there is none."""

    forecast: Forecast | None
    durations: Mapping[str, float]
    """Mean seconds of a task, by stage."""
    source: str
    """The source of the durations, or the reason."""


def expected_durations(job: BoundJob, given: Mapping[str, timedelta]) -> TaskDurations:
    """Return the durations that were given, by stage or under the empty name for all, else those in the job file."""
    stages = {}
    for stage in job.stages:
        expected = given.get(stage.name) or stage.spec.expected_time or given.get("")
        if expected is not None:
            stages[stage.name] = StageDurations(seconds=(expected.total_seconds(),))
    return TaskDurations(stages=stages, source="as expected")


def given_durations(words: Sequence[str], stages: Sequence[str]) -> dict[str, timedelta]:
    """Read `30s` and `STAGE=30s`; the empty name stands for all other stages. Raises BadInput."""
    given = {}
    for word in words:
        stage, _, text = word.rpartition("=")
        if stage and stage not in stages:
            raise BadInput(f"--expect {word}: there is no stage '{stage}'; {suggestion(stage, stages)}")
        try:
            given[stage] = parse_duration(text)
        except InputFault as exc:
            raise BadInput(f"--expect {word}: {exc}") from exc
        if given[stage] <= timedelta(0):
            raise BadInput(f"--expect {word}: the time must be longer than nothing")
    return given


def measured_durations(seconds: Mapping[str, Sequence[float]], source: str) -> TaskDurations:
    stages = {stage: StageDurations(seconds=tuple(values)) for stage, values in seconds.items()}
    return TaskDurations(stages=stages, source=source)


def job_forecast(
    job: BoundJob,
    plan: Plan,
    facts: ServiceFacts | None,
    durations: TaskDurations,
    prices: PriceList,
    evictions: float | None,
    skipped: Mapping[str, int] = NONE_SKIPPED,
) -> JobForecast:
    """Return the forecast of the tasks that run; `skipped` are the numbers by stage of those that do not.

    `evictions` is the rate for a Spot node and an hour; None takes the one that is assumed.
    """
    if deferred := [stage.name for stage in plan.stages if stage.is_deferred]:
        return _none(f"the number of tasks of {', '.join(deferred)} follows from the files of an earlier stage")
    if several := [stage.name for stage in job.stages if stage.spec.instances is not None]:
        return _none(f"tasks that run on several nodes are not simulated ({', '.join(several)})")
    work = stage_work(plan, skipped)
    if not work:
        return _none("all tasks are skipped, as their outputs are there")
    missing = [stage.name for stage in work if stage.name not in durations.stages]
    if missing:
        known = "" if len(missing) == len(work) else f" of {', '.join(missing)}"
        return _none(f"the durations of tasks{known} are not known; {HOW_TO}")
    if facts is None or facts.pool is None:
        return _none("the pool could not be read")
    pool = _forecast_pool(facts.pool, facts.quotas, evictions, is_embedded=job.environment.is_embedded)
    try:
        result = forecast(pool, work, durations.stages, prices)
    except AutoscaleFault as exc:
        return _none(f"the pool's formula cannot be simulated: {exc}")
    means = {stage: one.mean for stage, one in durations.stages.items()}
    return JobForecast(forecast=result, durations=means, source=durations.source)


def stage_work(plan: Plan, skipped: Mapping[str, int]) -> list[StageWork]:
    """Return the work of each stage that has tasks to run, with its share of the slots."""
    left = {stage.name: stage.tasks - skipped.get(stage.name, 0) for stage in plan.stages}
    return [
        StageWork(
            job=plan.job_id,
            name=stage.name,
            after=[name for name in stage.after if left[name]],
            tasks=left[stage.name],
            slots=round(stage.slots * left[stage.name] / stage.tasks),
        )
        for stage in plan.stages
        if left[stage.name]
    ]


def _forecast_pool(
    pool: PoolFacts, quotas: Quotas | None, evictions: float | None, *, is_embedded: bool
) -> ForecastPool:
    size = VM_SIZES.get(pool.vm_size)
    cores = size.cores if size else None
    assumed = 0.0 if is_embedded else ASSUMED_EVICTIONS
    return ForecastPool(
        vm_size=pool.vm_size,
        task_slots_per_node=pool.task_slots_per_node,
        formula=pool.formula,
        evaluation_interval=pool.evaluation_interval or DEFAULT_EVALUATION_INTERVAL,
        target_dedicated=pool.target_dedicated,
        target_spot=pool.target_spot,
        current_dedicated=pool.current_dedicated,
        current_spot=pool.current_spot,
        dedicated_quota=_nodes(quotas.dedicated_cores if quotas else None, cores),
        spot_quota=_nodes(quotas.spot_cores if quotas else None, cores),
        is_embedded=is_embedded,
        evictions_per_node_hour=assumed if evictions is None else evictions,
    )


def _nodes(quota: int | None, cores: int | None) -> int | None:
    return None if quota is None or cores is None else quota // cores


def _none(reason: str) -> JobForecast:
    return JobForecast(forecast=None, durations={}, source=reason)
