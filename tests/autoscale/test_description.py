from datetime import UTC, datetime
from typing import Any

import pytest
import yaml

from shoal.autoscale.errors import InputFault
from shoal.autoscale.simulation.description import described
from shoal.autoscale.simulation.distributions import Choice, Constant, Exponential, LogNormal, Uniform
from shoal.autoscale.simulation.pool_model import Fill, LimitStep, PoolModel, Prices
from shoal.autoscale.simulation.workload import TaskGroup

WHOLE = """
seed: 3
tasks:
  - {count: 10, duration: 5m, slots: {choice: [1, 2], weights: [3, 1]}, over: 1h, at_random: true}
  - {count: 5, duration: {lognormal: [5m, 0.5]}, at: 90}
  - {count: 5, duration: {exponential: 1h30m}}
pool:
  task_slots_per_node: 8
  fill: spread
  begin: 2026-03-01 08:00
  evaluation_interval: PT15M
  boot: {uniform: [2m, 4m]}
  spot_quota: 20
  spot_capacity: [{since: 2h, nodes: 5}]
  prices: {spot: 0.1}
"""


def test_whole_description_is_read() -> None:
    story = described(yaml.safe_load(WHOLE))
    assert story.seed == 3
    assert story.tasks == (
        TaskGroup(count=10, duration=Constant(300), slots=Choice((1, 2), (3, 1)), over=3600, at_random=True),
        TaskGroup(count=5, duration=LogNormal(300, 0.5), at=90),
        TaskGroup(count=5, duration=Exponential(5400)),
    )
    assert story.pool == PoolModel(
        task_slots_per_node=8,
        fill=Fill.SPREAD,
        begin=datetime(2026, 3, 1, 8, tzinfo=UTC),
        evaluation_interval=900,
        boot=Uniform(120, 240),
        spot_quota=20,
        spot_capacity=(LimitStep(since=7200, nodes=5),),
        prices=Prices(spot=0.1),
    )


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "give either tasks or replay"),
        ({"replay": "x", "tasks": [{"count": 1, "duration": 1}]}, "give either tasks or replay"),
        ([], "the document: "),
        ({"tasks": [{"count": "x", "duration": 1}]}, r"tasks\[0\].count: .*found 'x'"),
        ({"tasks": [{"count": 1, "duration": "long"}]}, r"tasks\[0\].duration: 'long' is not a duration"),
        ({"tasks": [{"count": 1, "duration": {"uniform": [5, 1]}}]}, r"uniform: \[5, 1\] needs 0 <= low <= high"),
        ({"tasks": [{"count": 1, "duration": {"unifrm": [5, 1]}}]}, r"write uniform: \[a, b\]"),
        ({"tasks": [{"count": 1, "duration": {"choice": []}}]}, "a choice needs values"),
        ({"tasks": [{"count": 1, "duration": {"choice": [1], "weights": [1, 2]}}]}, "as many weights as values"),
        ({"tasks": [{"count": 1, "duration": True}]}, "a duration must be a text such as 5m"),
        ({"tasks": [{"count": 1, "duration": 1, "slotz": 3}]}, r"tasks\[0\].slotz: "),
        ({"replay": "x", "pool": {"evaluation_interval": 0}}, "pool.evaluation_interval: "),
        ({"replay": "x", "pool": {"sample_loss": 1}}, "pool.sample_loss: "),
        ({"replay": "x", "pool": {"task_slots_per_node": 257}}, "pool.task_slots_per_node: "),
    ],
)
def test_description_that_does_not_fit_is_refused_by_its_key(document: Any, message: str) -> None:
    with pytest.raises(InputFault, match=message):
        described(document)


def test_interval_of_zero_is_refused_in_a_program_too() -> None:
    with pytest.raises(InputFault, match="at least a second"):
        PoolModel(evaluation_interval=0)
