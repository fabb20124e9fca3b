"""`shoal pools` shows the nodes, slots, formula and cost of each pool of a stack."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from azure.batch import models

from shoal.cli.pools import cells
from shoal.connect import Services, connected
from shoal.environment import Environment, OperatingSystem, Pool, to_json
from shoal.runs.pool_listing import PoolRow, cost_per_hour, pools
from shoal.service_status import Status
from tests.environments import services_by_keys_of
from tests.environments import shoal as run_shoal
from tests.local.making import make_pool, wait_for_nodes
from tests.waiting import wait_until

SIZE = "standard_d2s_v3"


@pytest.fixture
def services(service: Status, name: str) -> Iterator[Services]:
    with services_by_keys_of(service, name, 4) as services:
        yield services


def row_of(services: Services) -> PoolRow:
    (row,) = pools(services.batch, services.environment)
    return row


def test_pool_of_a_fixed_size_shows_its_nodes_and_their_cost(services: Services, name: str) -> None:
    make_pool(services.batch, name, nodes=1, taskSlotsPerNode=4, targetLowPriorityNodes=2)
    wait_for_nodes(services.batch, name, nodes=3)
    assert row_of(services) == PoolRow(
        pool="spot",
        id=name,
        vm_size=SIZE,
        state="active",
        allocation="steady",
        dedicated=1,
        target_dedicated=1,
        spot=2,
        target_spot=2,
        slots=12,
        cost_per_hour=0.18,
    )


def test_autoscaled_pool_shows_the_targets_of_its_last_evaluation(services: Services, name: str) -> None:
    services.batch.create_pool(
        models.BatchPoolCreateOptions(
            id=name,
            vm_size=SIZE,
            enable_auto_scale=True,
            auto_scale_formula="wanted = 0; $TargetDedicatedNodes = wanted; $TargetLowPriorityNodes = wanted;",
            auto_scale_evaluation_interval=timedelta(minutes=5),
        )
    )
    wait_until(lambda: row_of(services).formula is not None)
    row = row_of(services)
    assert row.is_autoscaled
    assert row.formula is not None
    assert (row.formula.targets, row.formula.error) == ("$TargetDedicatedNodes=0;$TargetLowPriorityNodes=0", None)
    assert str(cells(row)[9]).endswith(" $TargetDedicatedNodes=0, $TargetLowPriorityNodes=0")


def test_pool_that_batch_does_not_have_is_listed_as_gone(
    service: Status, environment: Environment, tmp_path: Path
) -> None:
    def listed(pools: Mapping[str, Pool]) -> CompletedProcess[str]:
        (tmp_path / "environment.json").write_text(json.dumps(to_json(replace(environment, pools=pools))))
        return run_shoal(service, tmp_path, "pools", "--environment", "environment.json")

    done = listed({"lost": Pool(id="lost-pool", vm_size=SIZE, task_slots_per_node=1)})
    assert done.returncode == 0
    assert done.stdout.splitlines()[1].split()[:4] == ["lost", "lost-pool", SIZE, "gone"]
    assert done.stderr.startswith("these nodes cost nothing on this machine; in Azure about 0.00 USD an hour (appr")
    nothing = listed({})
    assert (nothing.returncode, nothing.stdout, nothing.stderr) == (0, "", "no pools\n")


def test_pool_that_is_simulated_has_a_sentence_of_its_own(
    service: Status, environment: Environment, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOAL_STATE", service.state_dir)
    pool = Pool(id=name, vm_size=SIZE, task_slots_per_node=1)
    environment = replace(environment, pools={"spot": pool})
    with connected(environment) as services:
        make_pool(services.batch, name, metadata=[{"name": "shoal:simulate", "value": "60x"}])
    (tmp_path / "environment.json").write_text(json.dumps(to_json(environment)))
    done = run_shoal(service, tmp_path, "pools", "--environment", "environment.json")
    assert done.stderr.startswith(
        "pool spot is simulated: its tasks run nothing and leave no outputs\nthese nodes cost"
    )


@pytest.mark.parametrize(
    ("pool", "cost"),
    [
        (Pool(id="p", vm_size="Standard_D2s_v3", task_slots_per_node=1), 0.27),
        (Pool(id="p", vm_size="standard_hb120rs_v3", task_slots_per_node=1), None),
        (
            Pool(id="p", vm_size=SIZE, task_slots_per_node=1, operating_system=OperatingSystem.WINDOWS),
            None,
        ),
    ],
    ids=["any case", "unknown size", "windows"],
)
def test_cost_is_known_for_linux_nodes_of_listed_sizes(pool: Pool, cost: float | None) -> None:
    assert cost_per_hour(pool, dedicated=2, spot=1) == cost
