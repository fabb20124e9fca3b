"""The forecast of a job on one pool."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from shoal.autoscale import compile_formula, parse
from shoal.autoscale.simulation.distributions import Choice, Constant, Distribution
from shoal.autoscale.simulation.pool_model import HALF_A_MINUTE, SOME_MINUTES_TO_BOOT, PoolModel
from shoal.autoscale.simulation.report import Report, report
from shoal.azure.limits import accepted_evaluation_interval
from shoal.forecast.course import Course, course
from shoal.forecast.prices import PriceList
from shoal.forecast.staged_work import StageWork, simulate_stages

ASSUMED_EVICTIONS = 0.05
"""Evictions of a Spot node an hour, in Azure: the upper end of the lowest class, 0 to 5 %, by which Azure publishes
rates of the last 28 days for each size and region. Source: Learn, "Use Azure Spot Virtual Machines", eviction rates."""
SIMULATED_YEAR = 365 * 86_400
FINE_STEPS = 2_000
"""Steps of simulated time that a short job on fixed nodes should take, as the simulation counts whole ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastPool:
    """A pool as it is now. Nodes that are there take tasks at once."""

    vm_size: str
    task_slots_per_node: int
    formula: str | None
    """None for a pool with fixed targets."""
    evaluation_interval: timedelta = timedelta(minutes=15)
    target_dedicated: int = 0
    target_spot: int = 0
    current_dedicated: int = 0
    current_spot: int = 0
    dedicated_quota: int | None = None
    """The most nodes that the account's quota allows; None if there is no limit or it is not known."""
    spot_quota: int | None = None
    is_embedded: bool = False
    """True for a pool of the embedded service, whose nodes start in a moment and evaluate formulas more often."""
    evictions_per_node_hour: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StageDurations:
    """Seconds that tasks of a stage run: one figure, or measured ones."""

    seconds: Sequence[float]

    @property
    def mean(self) -> float:
        return sum(self.seconds) / len(self.seconds)

    def distribution(self, speed: float) -> Distribution:
        scaled = tuple(one * speed for one in self.seconds)
        return Constant(scaled[0]) if len(scaled) == 1 else Choice(scaled)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """The price of the forecast's node-hours."""

    spot: float
    """If all nodes were Spot nodes."""
    dedicated: float
    """If all nodes were dedicated."""
    mixed: float
    """With the nodes that the pool has."""
    currency: str
    source: str
    as_of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    makespan_seconds: float
    """Time from the submission to the end of the last task."""
    tasks: int
    unfinished: int
    """Tasks that had not ended when the simulation did."""
    node_hours: float
    spot_node_hours: float
    peak_nodes: int
    median_wait_seconds: float
    evictions_per_node_hour: float
    evictions: float
    """Expected number of evictions."""
    tasks_run_again: int
    """Tasks that started again after an eviction, in the simulation."""
    cost: Cost | None
    """None where the price of the VM size is not known."""
    course: Course
    """The tasks that have ended over time."""


def forecast(
    pool: ForecastPool,
    stages: Sequence[StageWork],
    durations: Mapping[str, StageDurations],
    prices: PriceList,
) -> Forecast:
    """Simulate the job on its pool. Raises AutoscaleFault for a formula that cannot be evaluated."""
    speed = _speed(pool, stages, durations)
    model = pool_model(pool, speed)
    program = compile_formula(parse(pool.formula if pool.formula is not None else fixed_formula(pool)))
    outcome, work = simulate_stages(
        program, model, stages, lambda stage: durations[stage.name].distribution(speed), begin=_submission(pool, model)
    )
    result = report(outcome, work)
    return _forecast(pool, result, course(outcome, work, speed), speed, prices)


def fixed_formula(pool: ForecastPool) -> str:
    return f"$TargetDedicatedNodes = {pool.target_dedicated}; $TargetLowPriorityNodes = {pool.target_spot};"


def pool_model(pool: ForecastPool, speed: float) -> PoolModel:
    """Return the model in which a second of the real pool takes `speed` seconds."""
    interval = pool.evaluation_interval.total_seconds() * speed
    return PoolModel(
        task_slots_per_node=pool.task_slots_per_node,
        evaluation_interval=max(1, round(interval)) if pool.formula is not None else SIMULATED_YEAR,
        boot=Constant(EMBEDDED_BOOT * speed) if pool.is_embedded else SOME_MINUTES_TO_BOOT,
        start_task=Constant(0) if pool.is_embedded else HALF_A_MINUTE,
        sample_delay=0 if pool.is_embedded else PoolModel().sample_delay,
        sample_loss=0.0 if pool.is_embedded else PoolModel().sample_loss,
        dedicated_nodes=pool.current_dedicated,
        spot_nodes=pool.current_spot,
        dedicated_quota=pool.dedicated_quota,
        spot_quota=pool.spot_quota,
        evictions_per_node_hour=pool.evictions_per_node_hour / speed,
        # Fixed nodes stay, and are paid for whether the job runs or not: they count until its end.
        tail=0 if pool.formula is None else PoolModel().tail,
        limit=SIMULATED_YEAR,
    )


def _submission(pool: ForecastPool, model: PoolModel) -> int:
    """Return the second of the submission: on average, half of an interval is left until the next evaluation."""
    return 0 if pool.formula is None else model.evaluation_interval // 2


EMBEDDED_BOOT = 0.5
"""Seconds that a node of the embedded service takes to start, without simulated conditions. Measured on two cores."""


def _speed(pool: ForecastPool, stages: Sequence[StageWork], durations: Mapping[str, StageDurations]) -> float:
    """Return how much faster than the clock the simulation's seconds pass.

    The embedded service evaluates more often than Azure and stretches time for formulas: 300 seconds of the simulation
    are one of its intervals. On fixed nodes the factor only makes the simulation's whole seconds finer.
    """
    if pool.formula is not None:
        accepted = accepted_evaluation_interval(pool.evaluation_interval)
        return accepted / pool.evaluation_interval if pool.is_embedded else 1.0
    if not pool.is_embedded and pool.current_dedicated + pool.current_spot < pool.target_dedicated + pool.target_spot:
        return 1.0  # its nodes boot in the model's own seconds
    places = max(1, (pool.current_dedicated + pool.current_spot) * pool.task_slots_per_node)
    seconds = sum(max(1.0, stage.slots / places) * durations[stage.name].mean for stage in stages)
    return max(1.0, FINE_STEPS / max(seconds, 0.001))


def _forecast(pool: ForecastPool, result: Report, ends: Course, speed: float, prices: PriceList) -> Forecast:
    hours, spot_hours = result.node_hours / speed, result.spot_node_hours / speed
    price = prices.nodes.get(pool.vm_size.lower())
    cost = None
    if price is not None:
        cost = Cost(
            spot=price.cost(dedicated_hours=0, spot_hours=hours),
            dedicated=price.cost(dedicated_hours=hours, spot_hours=0),
            mixed=price.cost(dedicated_hours=hours - spot_hours, spot_hours=spot_hours),
            currency=prices.currency,
            source=prices.source,
            as_of=prices.as_of,
        )
    return Forecast(
        makespan_seconds=result.makespan / speed,
        tasks=result.tasks,
        unfinished=result.tasks - result.completed,
        node_hours=hours,
        spot_node_hours=spot_hours,
        peak_nodes=result.peak_nodes,
        median_wait_seconds=result.wait_median / speed,
        evictions_per_node_hour=pool.evictions_per_node_hour,
        evictions=spot_hours * pool.evictions_per_node_hour,
        tasks_run_again=result.evicted,
        cost=cost,
        course=ends,
    )
