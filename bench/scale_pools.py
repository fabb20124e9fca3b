"""Measure evaluations of a formula per second, and the simulation of a large pool's day, in time of one core."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from measurement import Measurement

from shoal.autoscale import PoolSnapshot, SampleHistory, compile_formula, evaluate, parse
from shoal.autoscale.scenarios import PendingTasks, formula
from shoal.autoscale.simulation.distributions import LogNormal
from shoal.autoscale.simulation.engine import simulate
from shoal.autoscale.simulation.pool_model import PoolModel
from shoal.autoscale.simulation.workload import TaskGroup, workload

EVALUATIONS = 20_000
TASKS = 1_000_000
NODES = 1_000
DAY = 86_400


def measure(scale: float) -> Iterator[Measurement]:
    yield Measurement(name="evaluate the default formula", value=_evaluations(scale), unit="per s")
    yield Measurement(name="simulate a day, 1,000 nodes", value=_simulation(scale), unit="s")


def _evaluations(scale: float) -> float:
    """Return evaluations per second of a compiled formula, on samples of an hour, with results in Batch's format."""
    program = compile_formula(parse(formula(PendingTasks())))
    now = datetime(2026, 1, 5, 12, tzinfo=UTC)
    samples = SampleHistory()
    for age in range(120, -1, -1):
        samples.record(now - age * timedelta(seconds=30), {"PendingTasks": age % 7, "PreemptedNodeCount": 0})
    pool = PoolSnapshot(current_low_priority_nodes=3, task_slots_per_node=4)
    count = max(1, round(EVALUATIONS * scale))
    began = time.process_time()
    for _ in range(count):
        evaluation = evaluate(program, time=now, samples=samples, pool=pool)
        if evaluation.error or not evaluation.results:
            raise RuntimeError(f"the default formula failed: {evaluation.error}")
    return count / (time.process_time() - began)


def _simulation(scale: float) -> float:
    """Return the seconds for simulating all tasks, which keep the nodes busy for most of the day."""
    count = max(1, round(TASKS * scale))
    group = TaskGroup(count=count, duration=LogNormal(250, 0.5), over=DAY - 6000, at_random=True)
    work = workload([group], seed=1)
    program = compile_formula(parse(formula(PendingTasks(max_spot_nodes=NODES))))
    began = time.process_time()
    outcome = simulate(program, work, PoolModel(evictions_per_node_hour=0.01), seed=1)
    if outcome.tallies.completed != count or outcome.zero is None:
        raise RuntimeError(f"{outcome.tallies.completed} of {count} tasks were completed")
    return time.process_time() - began
