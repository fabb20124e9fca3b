"""Pools are changed in place by Pulumi's engine, and plain `pulumi` shows it."""

import json
from pathlib import Path

import pytest
from azure.mgmt.batch import BatchManagementClient
from azure.mgmt.batch.models import Pool

from tests.deploy.stacks import Stack
from tests.deploy.test_pool_stack import changed
from tests.deploy.test_pool_update import (
    SCALED,
    START,
    UNCHANGED,
    strict,
    test_change_that_was_broken_off_is_completed_by_the_next_deployment,
    test_pool_is_changed_in_place_where_puts_are_refused,
    test_pool_that_somebody_changed_is_found_by_a_preview_and_put_right,
)
from tests.pulumi.conftest import PulumiProject

__all__ = [
    "strict",
    "test_change_that_was_broken_off_is_completed_by_the_next_deployment",
    "test_pool_is_changed_in_place_where_puts_are_refused",
    "test_pool_that_somebody_changed_is_found_by_a_preview_and_put_right",
]

pytestmark = pytest.mark.pulumi

LEVEL = "shoal:pools[0].startTask.environment.LEVEL"


def test_plain_preview_shows_a_change_and_finds_one_that_was_made_by_hand(
    stack: Stack, management: BatchManagementClient
) -> None:
    project, at = stack.project, ("-s", stack.name)
    assert isinstance(project, PulumiProject)
    stack.up()
    look = ("preview", *at, "--refresh", "--expect-no-changes")
    project.must_pulumi(*look)
    stack.configure(**{"maxSpotNodes: 3": "maxSpotNodes: 2"})
    steps = json.loads(project.must_pulumi("preview", *at, "--json"))["steps"]
    [step] = [step for step in steps if step["op"] != "same"]
    assert step["op"] == "update"
    assert step["urn"].endswith("$shoal:index:PoolUpdate::spot-pool")
    assert step["newState"]["inputs"]["patch"] == ["scaleSettings"]
    project.must_pulumi("up", "-y", "--skip-preview", *at)
    project.must_pulumi(*look)
    account = stack.name.replace("-", "")
    management.pool.update(account, account, "spot", Pool({"tags": {"by": "hand"}}))
    drifted = project.pulumi(*look, "--diff")
    assert drifted.returncode != 0
    assert '"tags"' in drifted.stdout[drifted.stdout.index("patch") :]


def test_secret_of_a_start_task_is_in_no_file_and_no_output(stack: Stack, management: BatchManagementClient) -> None:
    project, at = stack.project, ("-s", stack.name)
    assert isinstance(project, PulumiProject)
    stack.up()
    stack.configure(**{SCALED: f"{SCALED}      {START}\n"})
    for secret in ("hunter2", "hunter3"):
        project.must_pulumi("config", "set", "--secret", "--path", LEVEL, secret, *at)
        printed = stack.up()
        account = stack.name.replace("-", "")
        start_task = management.pool.get(account, account, "spot").as_dict()["properties"]["startTask"]
        assert start_task["environmentSettings"] == [{"name": "LEVEL", "value": secret}]
        assert secret not in printed
    assert changed(printed, " ~  batch:Pool spot-pool updated") == {"~startTask"}
    assert UNCHANGED in stack.up()
    kept = [stack.file, *(Path(project.status.state_dir) / "pulumi").rglob(f"*{stack.name}*.json")]
    assert [file for file in kept if b"startTask" in file.read_bytes()]
    assert not [file for file in kept if b"hunter" in file.read_bytes()]
    shown = project.must_pulumi("preview", *at, "--json") + project.shoal("preview", *at, "--json").stdout
    assert "hunter" not in shown
