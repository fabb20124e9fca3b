"""Samples of a pool's past, and the times of evaluations; without a service, by a clock of the test's."""

from pathlib import Path
from typing import Any

import pytest

from shoal.autoscale.ticks import MINUTE
from shoal.autoscale.variables import METRICS
from shoal.local import times
from shoal.local.scheduler import pool_samples, scaling, task_lifecycle
from shoal.local.scheduler.loop import Transaction
from shoal.local.scheduler.pool_samples import PoolSamples
from shoal.local.scheduler.task_lifecycle import TaskDefinition
from shoal.local.store.job import Job
from tests.local.paper import PoolOnPaper

SPOT = "$CurrentLowPriorityNodes"
IDLE = "$TargetLowPriorityNodes = 0;"


def ticks(tx: Transaction) -> int:
    return tx.now * times.TICKS_PER_MICROSECOND + times.TICKS_TO_1970


def sampled(pool: PoolOnPaper, seconds: float) -> int:
    """Return how many samples there are after the service has looked at that moment."""
    tx = pool.at(seconds)
    pool_samples.take(tx)
    return PoolSamples(tx, pool.record).count(SPOT, ticks(tx))


@pytest.mark.parametrize(
    ("interval", "period"), [("PT1S", 0.1), ("PT3S", 0.3), ("PT5M", 30), ("PT15M", 30), ("PT168H", 30)]
)
def test_samples_come_every_half_minute_and_as_much_faster_as_the_pool_evaluates(
    tmp_path: Path, interval: str, period: float
) -> None:
    pool = PoolOnPaper(tmp_path, IDLE, interval)
    looks = (0, 0.9 * period, period, 1.5 * period, 2 * period)
    assert [sampled(pool, seconds) for seconds in looks] == [1, 1, 2, 2, 3]


def test_past_of_a_fast_pool_is_told_in_stretched_time(tmp_path: Path) -> None:
    pool = PoolOnPaper(tmp_path, IDLE, "PT3S")
    for number in range(4):
        tx = pool.at(0.3 * number)
        pool.size(tx, spot=number)
        pool_samples.take(tx)
    tx = pool.at(0.9)
    past, now = PoolSamples(tx, pool.record), ticks(tx)
    assert past.last(SPOT, 2, now) == [2, 3]
    assert past.window(SPOT, now - MINUTE, now, now) == [2, 3]
    assert past.window(SPOT, now - 2 * MINUTE, now - MINUTE, now) == [0, 1]
    assert past.begin(SPOT, now) == now - 3 * MINUTE // 2


def test_variables_that_azure_retired_have_no_samples(tmp_path: Path) -> None:
    pool = PoolOnPaper(tmp_path, IDLE, "PT5M")
    assert sampled(pool, 0) == 1
    tx = pool.at(0)
    assert PoolSamples(tx, pool.record).last("$MemoryBytes", 5, ticks(tx)) == []


def test_preempted_nodes_are_sampled_as_current_but_not_as_usable(tmp_path: Path) -> None:
    pool = PoolOnPaper(tmp_path, IDLE, "PT5M")
    tx = pool.at(0)
    pool.size(tx, spot=3, dedicated=1)
    tx.run("UPDATE nodes SET state = 'preempted' WHERE key = (SELECT max(key) FROM nodes WHERE NOT dedicated)")
    pool_samples.take(tx)
    past = PoolSamples(tx, pool.record)
    names = (SPOT, "$CurrentDedicatedNodes", "$PreemptedNodeCount", "$UsableNodeCount")
    assert [past.last(name, 1, ticks(tx)) for name in names] == [[3], [1], [1], [3]]


def test_waiting_task_with_instances_counts_with_all_of_them(tmp_path: Path) -> None:
    pool = PoolOnPaper(tmp_path, IDLE, "PT5M")
    tx = pool.at(0)
    job = Job.get(tx.connection, pool.job(tx, "active"))
    settings = {"numberOfInstances": 3, "coordinationCommandLine": "c"}
    bodies: list[dict[str, Any]] = [{"multiInstanceSettings": settings}, {}]
    task_lifecycle.add(
        tx, job, [TaskDefinition(id=str(i), body=body, slots=1, max_retries=0) for i, body in enumerate(bodies)]
    )
    pool_samples.take(tx)
    assert PoolSamples(tx, pool.record).last("$ActiveTasks", 1, ticks(tx)) == [4]


def test_samples_are_kept_for_a_day(tmp_path: Path) -> None:
    pool = PoolOnPaper(tmp_path, IDLE, "PT5M")
    assert sampled(pool, 0) == 1
    assert sampled(pool, 24 * 3600) == 2
    assert sampled(pool, 24 * 3600 + 30) == 2


def test_pool_is_evaluated_when_it_is_made_and_then_at_its_interval(tmp_path: Path) -> None:
    pool = PoolOnPaper(tmp_path, "$TargetLowPriorityNodes = $TargetLowPriorityNodes + 1;", "PT3S")
    targets = []
    for seconds in (0, 1, 2.9, 3, 5.9, 6.5, 9, 9.6):
        scaling.evaluate_due(pool.at(seconds))
        targets.append(pool.record.target_low_priority)
    assert targets == [1, 1, 1, 2, 2, 3, 3, 4]


def test_failed_evaluation_is_tried_again_at_the_next_interval(tmp_path: Path) -> None:
    pool = PoolOnPaper(tmp_path, f"$TargetLowPriorityNodes = avg({SPOT}.GetSample(1)) + 1;", "PT3S")
    scaling.evaluate_due(pool.at(0))
    assert pool.record.target_low_priority == 0
    pool_samples.take(pool.at(1))
    scaling.evaluate_due(pool.at(3))
    assert pool.record.target_low_priority == 1


def test_every_metric_that_the_language_has_is_sampled_by_the_service(tmp_path: Path) -> None:
    pool = PoolOnPaper(tmp_path, IDLE, "PT5M")
    tx = pool.at(0)
    pool_samples.take(tx)
    past = PoolSamples(tx, pool.record)
    assert [name for name in METRICS if len(past.last(name, 1, ticks(tx))) != 1] == []
    assert past.last("$TaskSlotsPerNode", 1, ticks(tx)) == [4]


@pytest.mark.parametrize(
    ("state", "active", "running"),
    [("active", 2, 1), ("disabling", 0, 1), ("disabled", 0, 1), ("terminating", 0, 1), ("completed", 0, 1)],
)
def test_running_tasks_count_whatever_their_jobs_state_and_waiting_ones_of_active_jobs_only(
    tmp_path: Path, state: str, active: int, running: int
) -> None:
    pool = PoolOnPaper(tmp_path, IDLE, "PT5M")
    tx = pool.at(0)
    job = pool.job(tx, state)
    tx.run("INSERT INTO task_counts (job, state, result, tasks, slots) VALUES (?1, 'active', '', 2, 2)", job)
    tx.run("INSERT INTO task_counts (job, state, result, tasks, slots) VALUES (?1, 'running', '', 1, 1)", job)
    pool_samples.take(tx)
    past = PoolSamples(tx, pool.record)
    names = ("$ActiveTasks", "$RunningTasks", "$PendingTasks")
    assert [past.last(name, 1, ticks(tx)) for name in names] == [[active], [running], [active + running]]
