"""Forecasts of known jobs: every figure can be computed by hand."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shoal.autoscale import AutoscaleFault
from shoal.autoscale.scenarios import PendingTasks, formula
from shoal.azure.prices import NodePrice
from shoal.forecast.forecast import Forecast, ForecastPool, StageDurations, forecast
from shoal.forecast.prices import APPROXIMATE, PriceList
from shoal.forecast.staged_work import StageWork

PRICES = PriceList(
    nodes={"standard_d2s_v3": NodePrice(dedicated=1.0, spot=0.25)}, currency="EUR", source="ours", as_of="2026-11-01"
)
ALGEBRA = [
    StageWork(job="", name="work", after=[], tasks=40, slots=40),
    StageWork(job="", name="merge", after=["work"], tasks=1, slots=1),
]
TWO_NODES = ForecastPool(
    vm_size="Standard_D2s_v3", task_slots_per_node=4, formula=None, target_spot=2, current_spot=2, is_embedded=True
)
DURATIONS = {"work": StageDurations(seconds=(2.0,)), "merge": StageDurations(seconds=(1.0,))}


def fixed(**changes: object) -> ForecastPool:
    return replace(TWO_NODES, **changes)  # type: ignore[arg-type]  # any field


def scaled(**changes: object) -> ForecastPool:
    text = formula(PendingTasks(max_spot_nodes=5))
    return ForecastPool(vm_size="standard_d2s_v3", task_slots_per_node=4, formula=text, **changes)  # type: ignore[arg-type]


def test_stages_run_one_after_the_other_on_the_slots_that_are_there() -> None:
    result = forecast(fixed(), ALGEBRA, DURATIONS, PRICES)
    # 40 tasks on 8 slots are five rounds of two seconds; then the merge.
    assert result.makespan_seconds == pytest.approx(11, rel=0.01)
    assert result.node_hours == pytest.approx(2 * 11 / 3600, rel=0.01)
    assert (result.tasks, result.unfinished, result.peak_nodes) == (41, 0, 2)


def test_course_has_the_ends_of_tasks_from_the_submission_to_the_last_one() -> None:
    result = forecast(fixed(), ALGEBRA, DURATIONS, PRICES)
    assert result.course[0] == (0.0, 0)
    last, done = result.course[-1]
    assert (round(last, 6), done) == (round(result.makespan_seconds, 6), 41)
    # Two rounds of eight tasks have ended after five seconds, and all but the merge after ten and a half.
    assert [done for second, done in result.course if second <= 5][-1] == 16
    assert [done for second, done in result.course if second <= 10.5][-1] == 40
    assert sorted(result.course) == list(result.course)


def test_cost_is_given_for_spot_for_dedicated_and_for_the_nodes_of_the_pool() -> None:
    mixed = fixed(target_spot=1, current_spot=1, target_dedicated=1, current_dedicated=1)
    cost = forecast(mixed, ALGEBRA, DURATIONS, PRICES).cost
    assert cost is not None
    hours = 2 * 11 / 3600
    assert (cost.spot, cost.dedicated, cost.mixed) == pytest.approx((hours / 4, hours, hours * 0.625), rel=0.02)
    assert (cost.currency, cost.source, cost.as_of) == ("EUR", "ours", "2026-11-01")


def test_size_without_a_price_has_node_hours_only() -> None:
    result = forecast(fixed(vm_size="standard_of_mine"), ALGEBRA, DURATIONS, PRICES)
    assert (result.cost, result.node_hours > 0) == (None, True)


def test_prices_of_the_own_table_say_that_they_have_no_source_of_the_day() -> None:
    cost = forecast(fixed(), ALGEBRA, DURATIONS, APPROXIMATE).cost
    assert cost is not None
    assert "not looked up for this day" in cost.source


@pytest.mark.parametrize(
    ("pool", "low", "high"),
    [
        # Nodes of a fixed pool that are still to come boot for two to four minutes, with half a minute of start task.
        (fixed(is_embedded=False, current_spot=0), 2.5 * 60 + 11, 4.5 * 60 + 13),
        # A formula is evaluated every five minutes, on samples that come later still.
        (scaled(evaluation_interval=timedelta(minutes=5)), 5 * 60, 15 * 60),
        # On the embedded service: half an interval, half a second to start, two rounds on 20 slots, and the merge.
        (scaled(evaluation_interval=timedelta(seconds=5), is_embedded=True), 7.5, 9),
    ],
)
def test_time_for_nodes_to_come_is_part_of_the_makespan(pool: ForecastPool, low: float, high: float) -> None:
    assert low <= forecast(pool, ALGEBRA, DURATIONS, PRICES).makespan_seconds <= high


def test_quota_holds_nodes_back() -> None:
    work = [StageWork(job="", name="work", after=[], tasks=400, slots=400)]
    long = {"work": StageDurations(seconds=(600.0,))}
    interval = timedelta(minutes=5)
    free = forecast(scaled(evaluation_interval=interval), work, long, PRICES)
    held = forecast(scaled(evaluation_interval=interval, spot_quota=2, dedicated_quota=0), work, long, PRICES)
    assert (free.peak_nodes, held.peak_nodes) == (5, 2)
    assert held.makespan_seconds > 2 * free.makespan_seconds


def test_evictions_are_expected_by_node_hours_and_make_tasks_run_again() -> None:
    work = [StageWork(job="", name="work", after=[], tasks=80, slots=80)]
    hours = {"work": StageDurations(seconds=(3600.0,))}
    calm = forecast(fixed(), work, hours, PRICES)
    rough = forecast(fixed(evictions_per_node_hour=0.5), work, hours, PRICES)
    assert (calm.evictions, calm.tasks_run_again) == (0, 0)
    assert rough.evictions == pytest.approx(rough.spot_node_hours * 0.5)
    assert rough.tasks_run_again > 0
    assert rough.makespan_seconds > calm.makespan_seconds


def test_measured_durations_are_drawn_from() -> None:
    measured = {"work": StageDurations(seconds=(1.0, 3.0)), "merge": StageDurations(seconds=(1.0,))}
    result: Forecast = forecast(fixed(), ALGEBRA, measured, PRICES)
    assert 9 <= result.makespan_seconds <= 14


def test_pool_that_gets_no_nodes_leaves_tasks_unfinished() -> None:
    result = forecast(fixed(target_spot=0, current_spot=0), ALGEBRA, DURATIONS, PRICES)
    assert result.unfinished == 40


def test_formula_that_is_none_is_a_fault() -> None:
    pool = ForecastPool(vm_size="x", task_slots_per_node=1, formula="$TargetDedicatedNodes = ")
    with pytest.raises(AutoscaleFault):
        forecast(pool, ALGEBRA, DURATIONS, PRICES)


def test_pool_that_works_on_one_day_of_the_week_ends_the_job_on_that_day() -> None:
    formula = "$TargetDedicatedNodes = time().weekday == 3 ? 4 : 0;"
    result = forecast(replace(fixed(), formula=formula, target_spot=0, current_spot=0), ALGEBRA, DURATIONS, PRICES)
    assert result.unfinished == 0
