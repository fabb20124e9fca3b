"""Pools are changed in place where the service, like Azure, refuses a PUT with any part that cannot change."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from azure.mgmt.batch import BatchManagementClient
from azure.mgmt.batch.models import Pool

from shoal.deploy.embedded.stack_record import load_record, save_record
from tests.deploy.stacks import Stack
from tests.deploy.test_pool_stack import changed
from tests.waiting import wait_until

pytestmark = pytest.mark.story

NOWHERE = "http://127.0.0.1:9"
"""A proxy that keeps the program's own client from the service, and no one else's."""
UNCHANGED = "No changes: all 17 resources are as declared."
PACKAGES = "  shoal:packages:\n    - name: var\n      directory: examples/var/app\n"
SCALED = "maxSpotNodes: 3\n      maxDedicatedNodes: 0\n"
START = 'startTask: {commandLine: "true", environment: {LEVEL: "3"}}'


@pytest.fixture(autouse=True)
def strict(stack: Stack) -> Iterator[None]:
    with stack.project.status.chaos(strict_pool_puts=True):
        yield


def test_pool_is_changed_in_place_where_puts_are_refused(stack: Stack, management: BatchManagementClient) -> None:
    stack.up()
    stack.configure(**{SCALED: f"{SCALED}      metadata: {{owner: me}}\n      {START}\n"})
    stack.configure(**{"maxSpotNodes: 3": "maxSpotNodes: 2"})
    previewed = stack.project.shoal("preview", "-s", stack.name).stdout
    several = {"~scaleSettings", "+startTask", "+metadata"}
    assert changed(previewed, " ~  batch:Pool spot-pool to be updated") == several
    assert changed(stack.up(), " ~  batch:Pool spot-pool updated") == several
    assert UNCHANGED in stack.up()
    account = stack.name.replace("-", "")
    properties = management.pool.get(account, account, "spot").as_dict()["properties"]
    assert "maxSpotNodes = 2;" in properties["scaleSettings"]["autoScale"]["formula"]
    assert properties["startTask"]["environmentSettings"] == [{"name": "LEVEL", "value": "3"}]
    assert properties["metadata"] == [{"name": "owner", "value": "me"}]
    stack.configure(**{f"      {START}\n": ""})
    assert changed(stack.up(), " ~  batch:Pool spot-pool updated") == {"-startTask"}
    assert "startTask" not in management.pool.get(account, account, "spot").as_dict()["properties"]


def test_pool_that_somebody_changed_is_found_by_a_preview_and_put_right(
    stack: Stack, management: BatchManagementClient
) -> None:
    stack.up()
    account = stack.name.replace("-", "")
    by_hand = {"properties": {"metadata": [{"name": "by", "value": "hand"}]}, "tags": {}}
    management.pool.update(account, account, "spot", Pool(by_hand))
    previewed = stack.project.shoal("preview", "-s", stack.name).stdout
    assert changed(previewed, " ~  batch:Pool spot-pool to be updated") == {"-metadata", "~tags"}
    assert changed(stack.up(), " ~  batch:Pool spot-pool updated") == {"-metadata", "~tags"}
    pool = management.pool.get(account, account, "spot").as_dict()
    assert "metadata" not in pool["properties"]
    assert pool["tags"]["managed-by"] == "shoal"
    assert UNCHANGED in stack.up()


def test_change_that_was_broken_off_is_completed_by_the_next_deployment(
    stack: Stack, management: BatchManagementClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without packages, which the program looks at by the same way, so that it is the pool that fails.
    stack.configure(**{PACKAGES: "  shoal:packages: []\n"})
    stack.up()
    stack.configure(**{"maxSpotNodes: 3": "maxSpotNodes: 2"})
    with monkeypatch.context() as cut_off:
        cut_off.setenv("HTTP_PROXY", NOWHERE)
        failed = stack.project.shoal("up", "-y", "-s", stack.name)
    assert failed.returncode == 1
    assert "pool spot could not be changed" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert "~scaleSettings" in stack.up()
    account = stack.name.replace("-", "")
    scale = management.pool.get(account, account, "spot").as_dict()["properties"]["scaleSettings"]
    assert "maxSpotNodes = 2;" in scale["autoScale"]["formula"]
    assert "No changes: all 15 resources are as declared." in stack.up()


def test_fixed_number_of_nodes_is_changed_in_place(stack: Stack, management: BatchManagementClient) -> None:
    text = stack.file.read_text()
    stack.file.write_text(text[: text.index("      maxSpotNodes")] + "      spotNodes: 1\n")
    stack.up()
    stack.configure(**{"spotNodes: 1": "spotNodes: 2\n      dedicatedNodes: 1"})
    assert changed(stack.up(), " ~  batch:Pool spot-pool updated") == {"~scaleSettings"}
    account = stack.name.replace("-", "")

    def current() -> dict[str, int]:
        properties = management.pool.get(account, account, "spot").as_dict()["properties"]
        return {kind: properties[f"current{kind}Nodes"] for kind in ("Dedicated", "LowPriority")}

    wait_until(lambda: current() == {"Dedicated": 1, "LowPriority": 2})
    assert UNCHANGED in stack.up()


def test_pool_whose_creation_was_broken_off_is_not_put_again(stack: Stack, management: BatchManagementClient) -> None:
    stack.up()
    arm = stack.project.service.arm
    record = load_record(arm, "shoal", stack.name)
    assert record is not None
    (made,) = (resource for resource in record.resources if resource.id.endswith("/pools/spot"))
    # So a run leaves it that is killed while the service makes the pool.
    killed = replace(record.with_resource(replace(made, pending=True, making=True)), pool_updates={})
    save_record(arm, killed)
    stack.configure(**{"maxSpotNodes: 3": "maxSpotNodes: 2"})
    assert changed(stack.up(), " ~  batch:Pool spot-pool updated") == {"~scaleSettings"}
    account = stack.name.replace("-", "")
    scale = management.pool.get(account, account, "spot").as_dict()["properties"]["scaleSettings"]
    assert "maxSpotNodes = 2;" in scale["autoScale"]["formula"]
    assert UNCHANGED in stack.up()
