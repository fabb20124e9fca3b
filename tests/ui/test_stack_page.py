"""The page of the stack: its data as the browser gets them."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from azure.batch import models

from shoal.account_keys import account_keys
from shoal.connect import Services, connected
from shoal.environment import Environment, Pool
from shoal.errors import BadInput
from shoal.runs.pool_listing import PoolRow
from shoal.ui.stack_view import cost_now
from tests.ui.visitor import Visitor, visited


def test_stack_page_has_pools_jobs_packages_accounts_and_cost(visitor: Visitor, environment: Environment) -> None:
    page = visitor.document("/")
    assert page["stack"] == "local"
    assert [(pool["pool"], pool["spot"], pool["slots"]) for pool in page["pools"]] == [("spot", 2, 8)]
    assert [(row["package"], row["state"]) for row in page["packages"]] == [("tool", "active")]
    assert [row["name"] for row in page["accounts"]] == [environment.batch_account, environment.storage_account]
    assert page["cost"]["per_hour"] == pytest.approx(0.06)
    assert "West Europe" in page["cost"]["source"]
    pool = environment.pools["spot"]
    assert (pool.formula_digest, pool.spot_nodes, pool.dedicated_nodes) == (None, 2, 0)
    assert page["drift"] == []


def test_pool_that_somebody_resized_is_a_change_since_the_last_deployment(environment: Environment, name: str) -> None:
    size = environment.pools["spot"].vm_size
    deployed = Pool(id=name, vm_size=size, task_slots_per_node=1, spot_nodes=0, dedicated_nodes=0)
    with connected(environment) as services, visited(lambda: replace(environment, pools={"own": deployed})) as visitor:
        services.batch.create_pool(models.BatchPoolCreateOptions(id=name, vm_size=size))
        events = visitor.open().events("/")
        assert next(events)[1]["drift"] == []
        services.batch.begin_resize_pool(name, models.BatchPoolResizeOptions(target_low_priority_nodes=1)).wait()
        changed = next(page["drift"] for _, page in events if page["drift"])
        services.batch.begin_delete_pool(name)
    assert [(one["subject"], one["finding"].partition(",")[0]) for one in changed] == [
        ("pool own", "is to have 1 Spot and 0 dedicated nodes")
    ]
    assert "shoal up" in changed[0]["step"]


def test_no_key_of_the_accounts_is_in_the_page(visitor: Visitor, environment: Environment) -> None:
    keys, text = account_keys(environment), str(visitor.document("/"))
    assert keys.batch not in text
    assert keys.storage not in text


def test_open_page_gets_a_job_that_is_added_meanwhile(visitor: Visitor, environment: Environment, name: str) -> None:
    with connected(environment) as services:
        events = visitor.events("/")
        _, page = next(events)
        assert name not in [job["id"] for job in page["jobs"]]
        add_job(services, name)
        assert any(name in [job["id"] for job in page["jobs"]] for _, page in events)


def test_stack_that_is_not_deployed_says_so_and_appears_once_it_is(environment: Environment) -> None:
    answers: list[Callable[[], Environment]] = [not_deployed]
    with visited(lambda: answers[0]()) as visitor:
        events = visitor.open().events("/")
        kind, content = next(events)
        assert (kind, content["is_away"]) == ("problem", True)
        assert "run `shoal up`" in content["problem"]
        answers[0] = lambda: environment
        kind, content = next(events)
        assert (kind, content["stack"]) == ("document", "local")


def test_nodes_without_a_known_price_are_named_and_left_out_of_the_cost() -> None:
    known = PoolRow(pool="a", id="a", vm_size="d2", state="active", allocation="steady", cost_per_hour=0.5)
    unknown = PoolRow(pool="b", id="b", vm_size="new", state="active", allocation="steady")
    gone = PoolRow(pool="c", id="c", vm_size="old", state="gone", allocation=None)
    cost = cost_now([known, unknown, gone])
    assert (cost.per_hour, list(cost.unknown_sizes)) == (0.5, ["new"])


def not_deployed() -> Environment:
    raise BadInput("stack local is not deployed; run `shoal up`")


def add_job(services: Services, job_id: str) -> None:
    pool = services.environment.pools["spot"].id
    services.batch.create_job(models.BatchJobCreateOptions(id=job_id, pool_info=models.BatchPoolInfo(pool_id=pool)))
