"""Decisions about nodes that can do no work, without a service."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shoal.nodes.pool_nodes import PoolNode, PoolNodes, Targets
from shoal.nodes.recovery import Past, Plan, after, is_settled, plan

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
IDLE = PoolNode(id="good", state="idle", since=NOON, start_task="now")
FAILED = PoolNode(id="bad", state="starttaskfailed", since=NOON, start_task="now", exit_code=3)
UNUSABLE = PoolNode(id="lost", state="unusable", since=NOON, start_task="now")
STARTING = PoolNode(id="slow", state="starting", since=NOON)
FAILED_AGAIN = replace(FAILED, since=NOON + timedelta(minutes=5))
REBOOTED = Past(start_task="now", rebooted={("bad", "now", "now"): NOON})


def pool(*nodes: PoolNode, start_task: str = "now", steady: bool = True, formula: bool = True) -> PoolNodes:
    targets = Targets(dedicated=len(nodes), low_priority=0)
    return PoolNodes(
        id="p", start_task=start_task, nodes=nodes, is_steady=steady, scales_by_formula=formula, targets=targets
    )


@pytest.mark.parametrize(
    ("nodes", "past", "expected"),
    [
        ((IDLE, STARTING), Past(), Plan()),
        ((FAILED,), Past(), Plan(reboot=(FAILED,))),
        ((FAILED, IDLE), REBOOTED, Plan()),  # the list is older than the reboot
        ((FAILED_AGAIN, IDLE), REBOOTED, Plan(remove=(FAILED_AGAIN,))),
        ((FAILED_AGAIN, STARTING), REBOOTED, Plan()),
        ((FAILED_AGAIN,), REBOOTED, Plan(stop=FAILED_AGAIN)),
        ((FAILED_AGAIN, IDLE), replace(REBOOTED, rounds=3), Plan(stop=FAILED_AGAIN)),
        ((FAILED_AGAIN,), replace(REBOOTED, stopped=True), Plan()),
        ((UNUSABLE,), Past(), Plan(remove=(UNUSABLE,))),
        ((UNUSABLE,), Past(start_task="now", rounds=1), Plan(stop=UNUSABLE)),
        ((UNUSABLE, IDLE), Past(start_task="now", rounds=2), Plan(remove=(UNUSABLE,))),
        ((UNUSABLE, IDLE), Past(start_task="now", rounds=3), Plan(stop=UNUSABLE)),
        ((replace(UNUSABLE, running_tasks=1),), Past(), Plan()),
        ((FAILED,), Past(start_task="now", not_rebootable=frozenset({"bad"})), Plan(remove=(FAILED,))),
    ],
)
def test_decision_follows_from_the_nodes_and_from_what_was_done(
    nodes: tuple[PoolNode, ...], past: Past, expected: Plan
) -> None:
    assert plan(pool(*nodes), past) == expected


def test_nothing_is_removed_while_the_pool_is_resized() -> None:
    assert plan(pool(UNUSABLE, IDLE, steady=False), Past()) == Plan()


def test_one_request_removes_a_hundred_nodes_at_most() -> None:
    lost = [replace(UNUSABLE, id=f"n{number}") for number in range(150)]
    assert len(plan(pool(*lost), Past()).remove) == 100


def test_start_task_that_always_fails_gets_one_reboot_a_node_and_then_nothing_more() -> None:
    past, seen, since = Past(), [], NOON
    for _ in range(10):
        now = pool(replace(FAILED, since=since))
        planned = plan(now, past)
        past = after(now, past, planned, planned)
        seen.append(planned)
        since += timedelta(minutes=1)
    assert [bool(one.reboot) for one in seen] == [True] + [False] * 9
    assert [one.stop is not None for one in seen] == [False, True] + [False] * 8


def test_mended_start_task_takes_the_recovery_up_again() -> None:
    stopped = replace(REBOOTED, stopped=True)
    mended = pool(FAILED_AGAIN, start_task="mended")
    planned = plan(mended, stopped)
    assert planned == Plan(reboot=(FAILED_AGAIN,))
    past = after(mended, stopped, planned, planned)
    assert (plan(mended, past), past.stopped) == (Plan(), False)
    first_failure = pool(
        replace(FAILED_AGAIN, start_task="mended", since=NOON + timedelta(minutes=9)), start_task="mended"
    )
    assert len(plan(first_failure, past).reboot) == 1


def test_fixed_pool_gets_its_target_back_after_a_removal_and_a_formula_sets_its_own() -> None:
    fixed = pool(UNUSABLE, IDLE, formula=False)
    planned = plan(fixed, Past())
    past = after(fixed, Past(), planned, planned)
    assert past.targets == Targets(dedicated=2, low_priority=0)
    assert plan(pool(IDLE, formula=False, steady=False), past) == Plan()
    back = plan(pool(IDLE, formula=False), past)
    assert back == Plan(resize=Targets(dedicated=2, low_priority=0))
    assert after(fixed, past, back, Plan()).targets == past.targets, "refused, so planned again"
    assert after(fixed, past, back, back).targets is None
    assert after(pool(UNUSABLE, IDLE), Past(), planned, planned).targets is None


def test_refused_reboot_is_not_tried_for_ever() -> None:
    planned = plan(pool(FAILED), Past())
    past = after(pool(FAILED), Past(), planned, Plan())
    assert plan(pool(FAILED), past).remove == (FAILED,)


@pytest.mark.parametrize(
    ("nodes", "past", "expected"),
    [
        ((IDLE,), Past(), True),
        ((IDLE, STARTING), Past(), False),
        ((IDLE, FAILED), Past(), False),
        ((FAILED,), Past(stopped=True), True),
        ((IDLE,), Past(targets=Targets(dedicated=2, low_priority=0)), False),
    ],
)
def test_recovery_is_settled_when_nothing_is_left_to_do_or_to_wait_for(
    nodes: tuple[PoolNode, ...], past: Past, expected: bool
) -> None:
    assert is_settled(pool(*nodes), past) is expected
