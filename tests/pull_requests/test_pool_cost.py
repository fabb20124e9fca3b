"""The share of a pool that jobs use, as the simulator estimates it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shoal.autoscale.scenarios import PendingTasks, formula
from shoal.azure.prices import LINUX_PRICES, NodePrice
from shoal.deploy.steps import StepOperation
from shoal.forecast.staged_work import StageWork, waves
from shoal.pull_requests.pool_cost import Assumption, PoolCost, UnknownCost, estimate
from shoal.pull_requests.previewed_pools import PreviewedPool

HOUR = Assumption(task_duration=timedelta(hours=1), node_prices={})
FOLLOWING = PreviewedPool(
    id="spot",
    operation=StepOperation.CREATE,
    changes=(),
    task_slots_per_node=4,
    formula=formula(PendingTasks(max_spot_nodes=10, max_dedicated_nodes=0)),
    interval=timedelta(seconds=3),
    fixed_nodes=None,
)


def stage(name: str, tasks: int, *after: str, slots: int = 1, job: str = "job") -> StageWork:
    return StageWork(job=job, name=name, after=after, tasks=tasks, slots=tasks * slots)


def alike(price: float) -> NodePrice:
    return NodePrice(dedicated=price, spot=price)


def known(found: PoolCost | UnknownCost | None) -> PoolCost:
    assert isinstance(found, PoolCost)
    return found


def test_pool_that_follows_its_tasks_takes_a_little_more_than_the_tasks_themselves() -> None:
    found = known(estimate(FOLLOWING, [stage("only", 400)], HOUR))
    assert found.peak_nodes == 10
    assert 400 / 4 < found.node_hours < 1.15 * 400 / 4
    assert 10 * 3600 < found.seconds < 11 * 3600
    assert (found.unfinished, found.price, found.fixed) == (0, None, False)


def test_wide_tasks_take_as_many_slots_as_they_have() -> None:
    narrow = known(estimate(FOLLOWING, [stage("only", 40)], HOUR))
    wide = known(estimate(FOLLOWING, [stage("only", 40, slots=4)], HOUR))
    assert wide.node_hours > 3 * narrow.node_hours


def test_later_stage_begins_when_the_earlier_has_ended() -> None:
    alone = known(estimate(FOLLOWING, [stage("simulate", 40)], HOUR))
    both = known(estimate(FOLLOWING, [stage("merge", 1, "simulate"), stage("simulate", 40)], HOUR))
    assert alone.seconds + 3600 <= both.seconds < alone.seconds + 2 * 3600


def test_stages_of_different_jobs_do_not_wait_for_each_other() -> None:
    work = [stage("a", 1), stage("b", 1, "a"), stage("c", 1, "a", "b"), stage("b", 1, "x", job="other")]
    assert [[(one.job, one.name) for one in wave] for wave in waves(work)] == [
        [("job", "a"), ("other", "b")],
        [("job", "b")],
        [("job", "c")],
    ]


def test_price_is_of_the_pool_else_of_all() -> None:
    prices = replace(HOUR, node_prices={"": alike(0.5), "spot": alike(0.25)})
    own = known(estimate(FOLLOWING, [stage("only", 40)], prices))
    other = known(estimate(replace(FOLLOWING, id="other"), [stage("only", 40)], prices))
    assert own.price == pytest.approx(own.node_hours * 0.25)
    assert other.price == pytest.approx(other.node_hours * 0.5)


def test_dedicated_and_spot_hours_have_prices_of_their_own() -> None:
    own = NodePrice(dedicated=0.2, spot=0.05)
    prices = replace(HOUR, node_prices={"": own})
    mixed = replace(FOLLOWING, formula="$TargetDedicatedNodes = 1; $TargetLowPriorityNodes = 3;")
    found = known(estimate(mixed, [stage("only", 40)], prices))
    assert 0 < found.dedicated_node_hours < found.spot_node_hours
    assert found.price == pytest.approx(found.dedicated_node_hours * 0.2 + found.spot_node_hours * 0.05)
    fixed = replace(FOLLOWING, formula=None, fixed_nodes=3, fixed_spot_nodes=2)
    assert known(estimate(fixed, [], prices)).price == pytest.approx(24 * (0.2 + 2 * 0.05))


@pytest.mark.parametrize(
    ("vm_size", "is_windows", "given", "listed"),
    [
        ("standard_d4s_v5", False, {}, True),
        ("standard_d4s_v5", True, {}, False),
        ("standard_m128s", False, {}, False),
        ("", False, {}, False),
        ("standard_d4s_v5", False, {"spot": alike(0.7)}, False),
    ],
)
def test_table_prices_linux_nodes_for_which_no_price_was_given(
    vm_size: str, is_windows: bool, given: dict[str, NodePrice], listed: bool
) -> None:
    pool = replace(FOLLOWING, vm_size=vm_size, is_windows=is_windows)
    found = known(estimate(pool, [stage("only", 40)], replace(HOUR, node_prices=given)))
    assert found.listed_size == ("standard_d4s_v5" if listed else "")
    assert found.node_price == (LINUX_PRICES["standard_d4s_v5"] if listed else given.get("spot"))


def test_fixed_pool_costs_the_same_with_and_without_tasks() -> None:
    fixed = replace(FOLLOWING, formula=None, fixed_nodes=2)
    prices = replace(HOUR, node_prices={"": alike(0.1)})
    assert known(estimate(fixed, [], prices)).price == pytest.approx(4.8)
    assert known(estimate(fixed, [stage("only", 40)], prices)).node_hours == 48


def test_pool_without_nodes_and_pool_without_tasks_cost_nothing_to_tell() -> None:
    assert estimate(replace(FOLLOWING, formula=None, fixed_nodes=0), [stage("only", 1)], HOUR) is None
    assert estimate(FOLLOWING, [], HOUR) is None


def test_formula_that_makes_no_nodes_leaves_tasks_unfinished() -> None:
    found = known(estimate(replace(FOLLOWING, formula="$TargetDedicatedNodes = 0;"), [stage("only", 3)], HOUR))
    assert (found.unfinished, found.node_hours) == (3, 0)


@pytest.mark.parametrize(
    ("pool", "reason"),
    [
        (replace(FOLLOWING, formula=None), "its scaling is secret or not known yet"),
        (replace(FOLLOWING, formula="$TargetDedicatedNodes ="), "the formula ends"),
    ],
)
def test_pool_that_cannot_be_simulated_says_why(pool: PreviewedPool, reason: str) -> None:
    found = estimate(pool, [stage("only", 3)], HOUR)
    assert isinstance(found, UnknownCost)
    assert reason in found.reason


def test_tasks_wider_than_a_node_are_told() -> None:
    found = estimate(FOLLOWING, [stage("only", 3, slots=5)], HOUR)
    assert isinstance(found, UnknownCost)
    assert "never fits" in found.reason
