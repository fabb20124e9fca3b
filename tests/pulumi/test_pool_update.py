"""Pools are changed in place by Pulumi's engine, and plain `pulumi` shows it."""

import json

import pytest
from azure.mgmt.batch import BatchManagementClient
from azure.mgmt.batch.models import Pool

from tests.deploy.stacks import Stack
from tests.deploy.test_pool_update import (
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
