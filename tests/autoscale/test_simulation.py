from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shoal.autoscale import compile_formula, parse
from shoal.autoscale.errors import InputFault
from shoal.autoscale.review import review
from shoal.autoscale.scenarios import PendingTasks, formula
from shoal.autoscale.scenarios.trade_off import TradeOff
from shoal.autoscale.simulation.chart import chart
from shoal.autoscale.simulation.description import TEN_THOUSAND_TASKS
from shoal.autoscale.simulation.distributions import Choice, Constant, Exponential, LogNormal, Uniform
from shoal.autoscale.simulation.engine import Outcome, simulate
from shoal.autoscale.simulation.ideal import ideal_node_seconds
from shoal.autoscale.simulation.pool_model import Fill, LimitStep, PoolModel, Prices
from shoal.autoscale.simulation.queueing import TaskQueue
from shoal.autoscale.simulation.report import Report, report
from shoal.autoscale.simulation.resizing import IDLE, PREEMPTED, STARTING, Resize, leaving, resize
from shoal.autoscale.simulation.simulated_node import OpenNodes, Purchase, SimulatedNode
from shoal.autoscale.simulation.workload import TaskGroup, Workload, workload
from tests.autoscale import published
from tests.autoscale.strategies import BOUNDED

EXACT = PoolModel(
    task_slots_per_node=2, boot=Constant(100), start_task=Constant(20), sample_delay=0, sample_loss=0, tail=600
)
"""A pool without randomness."""


def tasks(*rows: tuple[int, int, int]) -> Workload:
    """Tasks as (arrival, slots, seconds)."""
    return Workload(
        arrivals=[row[0] for row in rows], slots=[row[1] for row in rows], durations=[row[2] for row in rows]
    )


def run(text: str, work: Workload, model: PoolModel = EXACT, *, seed: int = 0) -> Outcome:
    return simulate(compile_formula(parse(text)), work, model, seed=seed)


def reported(text: str, work: Workload, model: PoolModel = EXACT) -> Report:
    return report(run(text, work, model), work)


DRAIN = "$NodeDeallocationOption = taskcompletion;"
TWO_UNTIL_DONE = "$TargetDedicatedNodes = $PendingTasks > 0 ? 2 : 0; $NodeDeallocationOption = taskcompletion;"


def test_small_pool_is_simulated_to_the_second() -> None:
    """Four tasks of 200 s on two nodes with two slots, which are there 120 s after the first evaluation."""
    result = reported(TWO_UNTIL_DONE, tasks(*[(0, 1, 200)] * 4, (0, 2, 100)))
    assert (result.makespan, result.wait_median, result.wait_p95) == (420, 120, 320)
    assert result.zero_after == 605 - 420  # the next evaluation is at 600
    assert result.dedicated_node_hours == pytest.approx(2 * 605 / 3600)
    assert result.cost == pytest.approx(2 * 605 / 3600 * Prices().dedicated)
    assert result.slot_use == pytest.approx((4 * 200 + 200) / (4 * 605))
    assert result.idle_share == pytest.approx((2 * 120 + 185 + 285) / (2 * 605))
    assert (result.peak_nodes, result.evaluations, result.failed_evaluations) == (2, 3, 0)


def test_ideal_nodes_boot_at_once_and_leave_when_idle() -> None:
    work = tasks((0, 1, 100), (0, 1, 50), (0, 2, 30), (200, 1, 10))
    assert ideal_node_seconds(work, slots_per_node=2, max_nodes=9) == 100 + 30 + 10
    assert ideal_node_seconds(work, slots_per_node=2, max_nodes=1) == 100 + 30 + 10


def test_task_that_is_too_wide_for_what_is_free_does_not_hold_up_those_behind_it() -> None:
    queue = TaskQueue([2, 1, 2, 1])
    queue.add(range(4))
    assert [queue.take(1), queue.take(2), queue.take(2), queue.take(1), queue.take(2)] == [1, 0, 2, 3, None]


def test_task_that_lost_its_node_waits_in_front() -> None:
    queue = TaskQueue([1, 1, 1])
    queue.add(range(3))
    first = queue.take(1)
    assert first == 0
    queue.put_back(first)
    assert [queue.take(1), queue.take(1)] == [0, 1]


@pytest.mark.parametrize(("fill", "number"), [(Fill.PACK, 1), (Fill.SPREAD, 2)])
def test_packing_takes_the_fullest_node_and_spreading_the_emptiest(fill: Fill, number: int) -> None:
    nodes = OpenNodes(4, fill)
    for index, free in enumerate((0, 1, 3)):
        node = SimulatedNode(index, Purchase.SPOT, 4)
        node.free = free
        nodes.add(node)
    assert nodes.most_free() == 3
    assert nodes.take(1).number == number


@pytest.mark.parametrize(
    ("target", "staying", "obtainable", "expected"),
    [
        (5, 2, None, Resize(add=3)),
        (5, 2, 4, Resize(add=2)),
        (5, 2, 1, Resize()),
        (2, 2, None, Resize()),
        (0, 3, None, Resize(remove=3)),
        (1, 3, 0, Resize(remove=2)),
    ],
)
def test_resize_goes_to_the_target_as_far_as_quota_allows(
    target: int, staying: int, obtainable: int | None, expected: Resize
) -> None:
    assert resize(target=target, staying=staying, obtainable=obtainable) == expected


@pytest.mark.parametrize(
    ("target", "staying", "draining", "obtainable", "expected"),
    [
        (5, 2, 2, None, Resize(keep=2, add=1)),
        (5, 2, 9, None, Resize(keep=3)),
        (5, 2, 1, 2, Resize(keep=1)),
        (5, 2, 1, 3, Resize(keep=1, add=1)),
        (2, 2, 3, None, Resize()),
        (1, 2, 3, None, Resize(remove=1)),
    ],
)
def test_draining_nodes_are_called_back_before_new_ones_boot(
    target: int, staying: int, draining: int, obtainable: int | None, expected: Resize
) -> None:
    decision = resize(target=target, staying=staying, draining=draining, obtainable=obtainable)
    assert decision == expected


def test_node_that_is_called_back_takes_tasks_again_without_a_boot() -> None:
    """Two tasks run from second 120 to 1120 on two nodes, of which one is to leave at 300 and to stay from 600 on."""
    text = "$TargetDedicatedNodes = time().minute >= 5 && time().minute < 10 ? 1 : 2;" + DRAIN
    result = run(text, tasks((0, 2, 1000), (0, 2, 1000), (0, 2, 100), (0, 2, 100)), replace(EXACT, limit=3000))
    assert (result.tallies.last_end, max(point.dedicated for point in result.series)) == (1220, 2)


def test_least_busy_nodes_leave_first_and_the_youngest_of_equals() -> None:
    nodes = [
        ("busy", 3),
        ("old idle", IDLE),
        ("new idle", IDLE),
        ("less busy", 1),
        ("boots", STARTING),
        ("gone", PREEMPTED),
    ]
    assert leaving(nodes, 5) == ["gone", "boots", "new idle", "old idle", "less busy"]


GROWS_AND_SHRINKS = "$TargetDedicatedNodes = time().minute < 5 ? 2 : 0; $NodeDeallocationOption = {};"


@pytest.mark.parametrize(
    ("option", "completed", "killed", "lost"),
    [("requeue", 0, 2, 0), ("terminate", 0, 0, 2), ("taskcompletion", 2, 0, 0), ("retaineddata", 2, 0, 0)],
)
def test_deallocation_option_decides_about_running_tasks(option: str, completed: int, killed: int, lost: int) -> None:
    """Both tasks run from second 120 to 520; the nodes are to leave at second 300."""
    result = run(GROWS_AND_SHRINKS.format(option), tasks((0, 2, 400), (0, 2, 400)), replace(EXACT, limit=3000))
    tallies = result.tallies
    assert (tallies.completed, tallies.killed, tallies.lost) == (completed, killed, lost)
    assert tallies.wasted_slot_seconds == (2 * 2 * (300 - 120) if killed or lost else 0)


def test_retained_data_keeps_a_node_until_its_files_may_go() -> None:
    work = tasks((0, 1, 100))
    kept = run(GROWS_AND_SHRINKS.format("retaineddata"), work, replace(EXACT, retention=1000, tail=5000, limit=3000))
    freed = run(GROWS_AND_SHRINKS.format("taskcompletion"), work, replace(EXACT, tail=5000, limit=3000))
    assert kept.zero == 120 + 100 + 1000 + 5
    assert freed.zero == 305


def test_quota_limits_the_nodes() -> None:
    text = "$TargetDedicatedNodes = 9; $TargetLowPriorityNodes = 9;"
    result = run(text, tasks((0, 1, 600)), replace(EXACT, dedicated_quota=3, spot_quota=4))
    assert {(point.dedicated, point.spot) for point in result.series if point.second >= 30} == {(3, 4)}


def test_quota_that_changes_lets_nodes_come_and_takes_none_away() -> None:
    text = "$TargetDedicatedNodes = 9; $TargetLowPriorityNodes = 9;"
    raised = (LimitStep(since=0, nodes=2), LimitStep(since=300, nodes=6))
    lowered = (LimitStep(since=0, nodes=5), LimitStep(since=300, nodes=1))
    result = run(text, tasks((0, 1, 900)), replace(EXACT, dedicated_quota=raised, spot_quota=lowered))
    nodes = {point.second: (point.dedicated, point.spot) for point in result.series}
    assert (nodes[270], nodes[630]) == ((2, 5), (6, 5))
    assert result.tallies.evictions == 0


def test_spot_nodes_above_the_capacity_are_taken_away_and_come_back() -> None:
    model = replace(
        EXACT, spot_capacity=(LimitStep(since=300, nodes=1), LimitStep(since=900, nodes=9)), restore=Constant(60)
    )
    result = run("$TargetLowPriorityNodes = 3;", tasks(*[(0, 2, 500)] * 3), model)
    spot = {point.second: (point.spot, point.preempted) for point in result.series}
    assert (spot[270], spot[330], spot[990]) == ((3, 0), (1, 2), (3, 0))
    assert (result.tallies.evictions, result.tallies.evicted, result.tallies.completed) == (2, 2, 3)
    assert result.tallies.wasted_slot_seconds == 2 * 2 * (300 - 120)


def test_evicted_tasks_run_again_and_none_is_lost() -> None:
    work = workload([TaskGroup(count=400, duration=Constant(600))], seed=1)
    text = formula(PendingTasks(max_spot_nodes=20))
    result = run(text, work, replace(PoolModel(), evictions_per_node_hour=2.0), seed=5)
    assert result.tallies.evictions > 10
    assert result.tallies.evicted > 10
    assert (result.tallies.completed, result.tallies.killed, result.tallies.lost) == (400, 0, 0)


def test_dedicated_nodes_stand_in_while_spot_capacity_is_missing() -> None:
    work = workload([TaskGroup(count=2000, duration=Constant(600))], seed=1)
    short = replace(PoolModel(), spot_capacity=(LimitStep(since=0, nodes=5),))
    alone = reported(formula(PendingTasks(max_dedicated_nodes=0)), work, short)
    helped = reported(formula(PendingTasks(max_dedicated_nodes=10)), work, short)
    assert (alone.dedicated_node_hours, helped.completed, helped.killed) == (0, 2000, 0)
    assert helped.makespan < 0.5 * alone.makespan
    assert helped.zero_after is not None


def test_same_seed_gives_the_same_outcome_and_another_one_another() -> None:
    work = workload([TaskGroup(count=300, duration=Exponential(300))], seed=3)
    model = replace(PoolModel(), evictions_per_node_hour=1.0)
    text = formula(PendingTasks())
    assert report(run(text, work, model, seed=1), work) == report(run(text, work, model, seed=1), work)
    assert report(run(text, work, model, seed=1), work) != report(run(text, work, model, seed=2), work)


def test_task_wider_than_a_node_is_refused() -> None:
    with pytest.raises(InputFault, match="a task with 3 slots never fits on nodes with 2"):
        run(TWO_UNTIL_DONE, tasks((0, 3, 10)))


def test_pool_that_never_gets_a_node_ends_at_the_limit_with_its_tasks_undone() -> None:
    result = reported(published.SHIPYARD_WEEKEND, tasks((0, 1, 10)), replace(EXACT, limit=7200))
    assert (result.completed, result.peak_nodes, result.zero_after) == (0, 0, None)


def test_pool_that_keeps_nodes_is_watched_for_a_while_and_reported() -> None:
    result = reported("$TargetDedicatedNodes = 1;", tasks((0, 1, 10)))
    assert result.zero_after is None
    assert result.dedicated_node_hours == pytest.approx((130 + 600) / 3600, rel=0.05)


def test_failed_evaluation_leaves_the_pool_as_it_is() -> None:
    text = "$TargetDedicatedNodes = $PendingTasks > 0 ? 2 : 1 / 0;"
    result = reported(text, tasks((0, 1, 100)))
    assert result.failed_evaluations == result.evaluations - 1
    assert (result.peak_nodes, result.zero_after) == (2, None)


def test_default_formula_completes_ten_thousand_tasks_for_little_more_than_the_ideal() -> None:
    story = TEN_THOUSAND_TASKS
    work = workload(story.tasks, seed=story.seed)
    assert (len(work), set(work.slots), set(work.durations)) == (10_000, {1, 2, 3, 4}, {300})
    result = report(run(formula(PendingTasks()), work, story.pool, seed=story.seed), work)
    assert (result.completed, result.killed, result.lost, result.dedicated_node_hours) == (10_000, 0, 0, 0)
    assert result.zero_after is not None
    assert result.over_ideal < 0.15


def test_tutorial_formula_without_an_option_kills_tasks_and_pays_for_dedicated_nodes() -> None:
    """The formula is as first published, with the cap of the default formula."""
    tutorial = published.A.replace("= 25", "= 100").replace("$NodeDeallocationOption = taskcompletion;", "")
    story = TEN_THOUSAND_TASKS
    work = workload(story.tasks, seed=story.seed)
    result = report(run(tutorial, work, story.pool, seed=story.seed), work)
    default = report(run(formula(PendingTasks()), work, story.pool, seed=story.seed), work)
    assert result.killed > 100
    assert result.wasted_slot_hours > 1
    assert result.cost > 4 * default.cost


def test_formula_that_ignores_slots_pays_for_nodes_it_does_not_need() -> None:
    work = workload([TaskGroup(count=80, duration=Constant(1800))], seed=1)
    blind = reported(published.CFA_CLOUDOPS.replace("= 10", "= 100"), work, PoolModel())
    aware = reported(formula(PendingTasks()), work, PoolModel())
    assert (blind.peak_nodes, aware.peak_nodes) == (80, 20)
    assert blind.node_hours > 1.8 * aware.node_hours


@BOUNDED
@given(
    st.lists(st.tuples(st.integers(0, 4000), st.integers(1, 4), st.integers(1, 900)), max_size=60),
    st.sampled_from(["requeue", "terminate", "taskcompletion"]),
    st.sampled_from(list(Fill)),
    st.floats(0, 20),
    st.integers(0, 1000),
)
@example([(0, 1, 1)], "requeue", Fill.PACK, 5e-324, 0)
def test_no_task_disappears_and_no_node_runs_more_than_it_can(
    rows: Sequence[tuple[int, int, int]], option: str, fill: Fill, evictions: float, seed: int
) -> None:
    work = tasks(*sorted(rows))
    text = f"""$TargetLowPriorityNodes = min(5, $PendingTasks); $TargetDedicatedNodes = rand() < 0.3 ? 2 : 0;
        $NodeDeallocationOption = {option};"""
    model = replace(
        PoolModel(), fill=fill, evictions_per_node_hour=evictions, evaluation_interval=60, limit=20_000, sample_loss=0.2
    )
    result = run(text, work, model, seed=seed)
    tallies, census = result.tallies, result.census
    for point in result.series:
        assert 0 <= point.busy <= point.dedicated + point.spot <= 7 + 2 * 5
        assert 0 <= point.running <= 4 * (point.dedicated + point.spot)
        assert min(point.active, point.starting, point.preempted, point.spot, point.dedicated) >= 0
    last = result.series[-1]
    arrived = sum(arrival <= last.second for arrival in work.arrivals)
    assert tallies.completed + tallies.lost + last.active + last.running == arrived
    assert census.busy_slot_seconds <= 4 * (census.dedicated_seconds + census.spot_seconds)
    if option != "terminate":
        assert tallies.lost == 0
    if tallies.done and tallies.lost == 0:
        assert census.busy_slot_seconds == work.slot_seconds + tallies.wasted_slot_seconds


def test_tasks_are_drawn_from_their_groups_and_sorted_by_arrival() -> None:
    groups = [
        TaskGroup(count=3, duration=Constant(5), at=60, over=30),
        TaskGroup(count=2, duration=Uniform(1, 2), slots=Choice((2,)), at=0),
    ]
    work = workload(groups, seed=1)
    assert (work.arrivals, work.slots, work.durations[2:]) == ([0, 0, 60, 70, 80], [2, 2, 1, 1, 1], [5, 5, 5])
    assert workload([TaskGroup(count=0, duration=Constant(1))], seed=1).arrivals == []


def test_distributions_have_the_mean_they_are_given() -> None:
    work = workload([TaskGroup(count=20_000, duration=Exponential(500), over=1000, at_random=True)], seed=1)
    assert sum(work.durations) / 20_000 == pytest.approx(500, rel=0.03)
    assert sum(work.arrivals) / 20_000 == pytest.approx(500, rel=0.03)
    drawn = sorted(workload([TaskGroup(count=20_001, duration=LogNormal(500, 0.8))], seed=1).durations)
    assert drawn[10_000] == pytest.approx(500, rel=0.03)


def test_chart_shows_tasks_and_nodes_and_is_the_same_each_time() -> None:
    result = run(TWO_UNTIL_DONE, tasks(*[(0, 1, 200)] * 4))
    picture = chart(result, "A <small> pool")
    assert picture == chart(run(TWO_UNTIL_DONE, tasks(*[(0, 1, 200)] * 4)), "A <small> pool")
    assert picture.startswith("<svg ")
    assert picture.endswith("</svg>\n")
    assert "A &lt;small&gt; pool" in picture
    assert picture.count("<polyline") == 2


DELAYS = (0, 60, 240, 420, 600)


@pytest.mark.parametrize("trade_off", TradeOff)
def test_idle_pool_reaches_zero_under_any_steady_delay_of_samples_and_kills_nothing(trade_off: TradeOff) -> None:
    work = workload([TaskGroup(count=400, duration=Constant(300))], seed=1)
    text = formula(PendingTasks(trade_off=trade_off))
    for delay in DELAYS:
        result = reported(text, work, replace(PoolModel(), sample_delay=delay, sample_loss=0.1, tail=48 * 3600))
        assert (result.completed, result.killed, result.lost) == (400, 0, 0)
        # The delay, an evaluation, and what it takes to see the newest samples.
        assert result.zero_after is not None
        assert result.zero_after <= delay + 2 * 300 + 120, delay


def test_spot_quota_is_no_reason_to_buy_dedicated_nodes_and_missing_capacity_is() -> None:
    work = workload([TaskGroup(count=1000, duration=Constant(600))], seed=1)
    known = formula(PendingTasks(max_spot_nodes=100, spot_quota_nodes=40))
    quota = reported(known, work, replace(PoolModel(), spot_quota=40))
    short = reported(known, work, replace(PoolModel(), spot_capacity=(LimitStep(since=0, nodes=10),)))
    assert (quota.dedicated_node_hours, quota.peak_nodes) == (0, 40)
    assert short.dedicated_node_hours > 0


def test_job_of_short_tasks_does_not_starve_a_later_one_of_long_tasks() -> None:
    groups = [
        TaskGroup(count=20_000, duration=Constant(20)),
        TaskGroup(count=400, duration=Constant(3600), at=3600),
    ]
    work = workload(groups, seed=1)
    result = reported(formula(PendingTasks()), work, PoolModel())
    assert result.makespan < 3600 + 2 * 3600


def test_formulas_of_all_trade_offs_fit_into_azures_limits_with_every_option() -> None:
    for trade_off in TradeOff:
        built = PendingTasks(trade_off=trade_off, max_step=5, warm_up_nodes=3, spot_quota_nodes=7)
        assert len(formula(built)) <= 8192
        assert review(formula(built)) == ()
