"""`shoal nodes --reboot`, `--replace` and `shoal resize`, on pools of their own."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from azure.batch import models

from shoal.connect import Services, connected
from shoal.environment import Environment, Pool, to_json
from shoal.service_status import Status
from tests.environments import shoal as run_shoal
from tests.local.making import VM_SIZE, make_pool, wait_for_nodes
from tests.waiting import wait_until

Shoal = Callable[..., CompletedProcess[str]]


@pytest.fixture
def own(environment: Environment, name: str) -> Environment:
    """The deployed stack with one pool, of the test's own, which the test makes."""
    return replace(environment, pools={"spot": Pool(id=name, vm_size=VM_SIZE, task_slots_per_node=1)})


@pytest.fixture
def services(service: Status, own: Environment, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    monkeypatch.setenv("SHOAL_STATE", service.state_dir)
    with connected(own) as services:
        yield services


@pytest.fixture
def shoal(service: Status, own: Environment, tmp_path: Path) -> Shoal:
    (tmp_path / "environment.json").write_text(json.dumps(to_json(own)))
    return lambda *words: run_shoal(service, tmp_path, *words, "--environment", "environment.json")


def test_replaced_node_is_gone_and_its_pool_has_as_many_as_before(shoal: Shoal, services: Services, name: str) -> None:
    make_pool(services.batch, name, nodes=2)
    first, second = wait_for_nodes(services.batch, name, nodes=2)
    refused = shoal("nodes", "spot", "--replace", str(first.id))  # nobody could confirm it
    assert (refused.returncode, refused.stderr.startswith("error: without a terminal, replacing node ")) == (2, True)
    assert refused.stderr.endswith(" needs --yes\n")
    done = shoal("nodes", "spot", "--replace", str(first.id)[-8:], "-y", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"pool": "spot", "node_id": first.id, "done": "replaced"}
    ids = {str(node.id) for node in wait_for_nodes(services.batch, name, nodes=2)}
    assert first.id not in ids
    assert second.id in ids


def test_rebooted_node_starts_again(shoal: Shoal, services: Services, name: str) -> None:
    make_pool(services.batch, name)
    (node,) = wait_for_nodes(services.batch, name, nodes=1)
    done = shoal("nodes", "--reboot", str(node.id), "-y")
    assert (done.returncode, done.stderr) == (0, f"node {node.id} reboots once its tasks have ended\n")
    again = wait_until(lambda: booted_after(services, name, node))
    assert again is not None
    assert again.id == node.id
    missing = shoal("nodes", "spot", "--reboot", "tvmps_none", "-y")
    expected = "error: pool 'spot' has no node 'tvmps_none'; `shoal nodes spot` lists them\n"
    assert (missing.returncode, missing.stderr) == (2, expected)
    both = shoal("nodes", "--reboot", "a", "--replace", "b")
    assert both.returncode == 2


def booted_after(services: Services, pool: str, before: models.BatchNode) -> models.BatchNode | None:
    (node,) = services.batch.list_nodes(pool)
    assert before.last_boot_time is not None
    return node if node.last_boot_time and node.last_boot_time > before.last_boot_time else None


def test_pool_of_a_fixed_size_is_resized(shoal: Shoal, services: Services, name: str) -> None:
    make_pool(services.batch, name, nodes=0)
    wait_until(lambda: services.batch.get_pool(name).allocation_state == models.AllocationState.STEADY)
    done = shoal("resize", "spot", "--spot", "1")
    assert done.returncode == 0, done.stderr
    before, after = "0 dedicated and 0 Spot nodes", "0 dedicated and 1 Spot nodes"
    assert done.stdout == f"pool spot: its target was {before} and is {after} now\n"
    assert "change them there as well" in done.stderr
    wait_for_nodes(services.batch, name, nodes=1)
    again = shoal("resize", "spot", "--spot", "1")
    assert (again.stdout, again.stderr) == (f"pool spot: its target is {after} already\n", "")
    assert shoal("resize", "spot").returncode == 2
    typo = shoal("resize", "sopt", "--spot", "1")
    assert typo.stderr == "error: the stack 'local' has no pool 'sopt'; did you mean spot?\n"


def test_pool_with_a_formula_is_not_resized_by_hand(shoal: Shoal, services: Services, name: str) -> None:
    services.batch.create_pool(
        models.BatchPoolCreateOptions(
            id=name,
            vm_size=VM_SIZE,
            enable_auto_scale=True,
            auto_scale_formula="$TargetDedicatedNodes = 0;",
            auto_scale_evaluation_interval=timedelta(minutes=5),
        )
    )
    done = shoal("resize", "spot", "--spot", "3")
    assert done.returncode == 2
    assert "pool 'spot' is scaled by a formula" in done.stderr
    assert "maxSpotNodes" in done.stderr
