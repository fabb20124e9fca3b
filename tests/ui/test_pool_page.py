"""The page of a pool: nodes, formula and actions, on a pool of its own."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from azure.batch import models

from shoal.connect import Services, connected
from shoal.environment import Environment, Pool
from shoal.ui.pool_view import Variable, variables
from tests.ui.visitor import Visitor, visited
from tests.waiting import wait_until

FORMULA = "spare = 1; $TargetLowPriorityNodes = spare; $TargetDedicatedNodes = 0;"


@pytest.fixture
def services(environment: Environment) -> Iterator[Services]:
    with connected(environment) as found:
        yield found


@pytest.fixture
def pool_visitor(environment: Environment, services: Services, name: str) -> Iterator[Visitor]:
    """A visitor of a stack with two pools: `fixed` with two nodes, and `scaled` with a formula."""
    size = environment.pools["spot"].vm_size
    pools = {
        kind: Pool(id=f"{name}-{kind}", vm_size=size, task_slots_per_node=2) for kind in ("fixed", "scaled", "gone")
    }
    fixed = models.BatchPoolCreateOptions(
        id=pools["fixed"].id, vm_size=size, target_low_priority_nodes=2, task_slots_per_node=2
    )
    scaled = models.BatchPoolCreateOptions(
        id=pools["scaled"].id,
        vm_size=size,
        enable_auto_scale=True,
        auto_scale_formula=FORMULA,
        task_slots_per_node=2,
        metadata=[models.BatchMetadataItem(name="shoal:simulate", value="60x")],
    )
    services.batch.create_pool(fixed)
    services.batch.create_pool(scaled)
    with visited(lambda: replace(environment, pools=pools)) as visitor:
        yield visitor.open()
    for kind in ("fixed", "scaled"):
        services.batch.begin_delete_pool(pools[kind].id)


def test_pool_page_has_nodes_formula_and_actions(pool_visitor: Visitor, services: Services, name: str) -> None:
    visitor = pool_visitor
    page = visitor.until("/pools/fixed", lambda page: [node[1] for node in page["nodes"]] == ["idle", "idle"])
    assert (page["slots_per_node"], page["row"]["slots"], page["formula"]) == (2, 4, None)
    assert page["moments"][-1]["nodes"] == 2
    assert page["incidents"] == []
    assert not page["is_simulated"]

    scaled = visitor.until("/pools/scaled", lambda page: page["evaluations"])
    assert scaled["formula"] == FORMULA
    assert scaled["is_simulated"]
    assert {"name": "spare", "value": "1"} in scaled["variables"]

    missing = visitor.until("/pools/gone", lambda _: True, kind="problem")
    assert "`shoal up` makes it" in missing["problem"]
    unknown = visitor.until("/pools/odd", lambda _: True, kind="problem")
    assert "has no pool 'odd'" in unknown["problem"]

    evaluated = visitor.post("/actions/pools/scaled/evaluate")
    assert "$TargetLowPriorityNodes=1" in json.loads(evaluated.text)["done"]
    refused = visitor.post("/actions/pools/fixed/evaluate")
    assert (refused.status, "not scaled by a formula" in refused.text) == (400, True)

    node = page["nodes"][0][0]
    rebooted = visitor.post(f"/actions/pools/fixed/nodes/{node}/reboot")
    assert json.loads(rebooted.text) == {"done": f"Node {node} reboots once its tasks have ended."}

    for body in ({"dedicated": 0}, {"dedicated": 0, "spot": -1}, {"dedicated": 0, "spot": "3"}):
        assert visitor.post("/actions/pools/fixed/resize", body).status == 400
    resized = visitor.post("/actions/pools/fixed/resize", {"dedicated": 0, "spot": 3})
    assert "is 0 dedicated and 3 Spot nodes now" in json.loads(resized.text)["done"]
    wait_until(lambda: len(list(services.batch.list_nodes(f"{name}-fixed"))) == 3)


def test_variables_of_an_evaluation_are_pairs() -> None:
    assert variables("$TargetDedicatedNodes=0;n=[1, 2]; word = a=b ") == [
        Variable(name="$TargetDedicatedNodes", value="0"),
        Variable(name="n", value="[1, 2]"),
        Variable(name="word", value="a=b"),
    ]
    assert variables("") == []
