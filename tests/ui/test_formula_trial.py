"""Another formula tried on recorded tasks, beside what happened."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from shoal.autoscale.simulation.distributions import Constant
from shoal.connect import Services, connected
from shoal.environment import Environment
from shoal.errors import BadInput
from shoal.runs.why.evidence import PoolFacts
from shoal.ui.formula_trial import MOST_EVALUATIONS, model_of, requested_formula, trial
from shoal.ui.recorded_tasks import RecordedTask, Usage, usage
from tests.ui.test_job_page import add_job
from tests.ui.visitor import Visitor, visited
from tests.waiting import wait_until

BEGIN = datetime(2026, 3, 2, 9, tzinfo=UTC)
POOL = PoolFacts(id="p", formula="$TargetDedicatedNodes = 2;", interval=timedelta(minutes=5), slots_per_node=1)


def task(created: int, started: int, ended: int, node: str = "a") -> RecordedTask:
    moment = [BEGIN + timedelta(seconds=second) for second in (created, started, ended)]
    return RecordedTask(created=moment[0], started=moment[1], ended=moment[2], node=node)


TASKS = [task(0, 300, 900), task(0, 900, 1500), task(60, 400, 700, "b")]


def test_node_counts_from_the_start_of_its_first_task_to_the_end_of_its_last() -> None:
    assert usage(TASKS, [0, 300, 500, 800, 1499, 1500]) == [
        Usage(second=0, running=0, nodes=0),
        Usage(second=300, running=1, nodes=1),
        Usage(second=500, running=2, nodes=2),
        Usage(second=800, running=1, nodes=1),
        Usage(second=1499, running=1, nodes=1),
        Usage(second=1500, running=0, nodes=0),
    ]


def test_formula_with_more_nodes_ends_the_recorded_tasks_sooner() -> None:
    model = model_of(POOL, TASKS, is_embedded=False)
    one, three = (
        trial("j", TASKS, f"$TargetDedicatedNodes = {nodes};", model, has_more=False).tried for nodes in (1, 3)
    )
    assert (one.peak_nodes, three.peak_nodes) == (1, 3)
    assert three.makespan_seconds < one.makespan_seconds
    assert max(three.running) == 3


def test_figures_of_what_happened_come_from_the_tasks() -> None:
    model = model_of(POOL, TASKS, is_embedded=False)
    happened = trial("j", TASKS, "$TargetDedicatedNodes = 1;", model, has_more=False).happened
    assert (happened.makespan_seconds, happened.peak_nodes, happened.node_hours) == (1500, 2, (1200 + 300) / 3600)


def test_simulation_that_would_never_end_is_bounded_and_says_that_tasks_are_left() -> None:
    quick = PoolFacts(id="p", interval=timedelta(seconds=5))
    model = model_of(quick, [task(0, 10, 500_000)], is_embedded=True)
    assert (model.limit, model.boot) == (5 * MOST_EVALUATIONS, Constant(1))
    tried = trial("j", TASKS, "$TargetDedicatedNodes = 0;", model, has_more=False).tried
    assert not tried.is_finished


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "choice is None; it must be one of present, economy, balanced, fast, own"),
        ({"choice": "fast", "max_spot_nodes": 2.5, "max_dedicated_nodes": 0}, "max_spot_nodes is 2.5"),
        ({"choice": "fast", "max_spot_nodes": 0, "max_dedicated_nodes": 0}, "max_spot_nodes"),
    ],
)
def test_request_for_no_formula_is_refused(body: dict[str, object], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        requested_formula(POOL, body)


def test_formula_that_is_wrong_says_why() -> None:
    with pytest.raises(BadInput, match=r"the formula cannot be tried: .*\$Odd"):
        trial("j", TASKS, "$TargetDedicatedNodes = $Odd;", model_of(POOL, TASKS, is_embedded=True), has_more=False)


@pytest.fixture
def services(environment: Environment) -> Iterator[Services]:
    with connected(environment) as found:
        yield found


def test_formula_is_tried_on_the_latest_job_of_the_pool_also_by_those_who_may_only_read(
    environment: Environment, services: Services, name: str
) -> None:
    add_job(services, name, {"one": "sleep 1", "two": "exit 0"})
    wait_until(lambda: services.batch.get_job_task_counts(name).task_counts.completed == 2)
    with visited(lambda: environment, read_only=True) as visitor:
        visitor.open()
        body = {"choice": "economy", "max_spot_nodes": 3, "max_dedicated_nodes": 0}
        done = json.loads(visitor.post("/trials/pools/spot", body).text)["done"]
        assert done["tasks"] >= 1
        assert len(done["seconds"]) == len(done["tried"]["nodes"]) == len(done["happened"]["nodes"])
        assert "maxSpotNodes = 3" in done["formula"]
        refused = visitor.post("/trials/pools/odd", body)
        assert (refused.status, "has no pool 'odd'" in refused.text) == (400, True)
        stranger = Visitor(addresses=visitor.addresses, port=visitor.port)
        assert stranger.post("/trials/pools/spot", body).status == 403
