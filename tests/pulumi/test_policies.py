"""The policy pack, run by Pulumi's engine on the project's own program."""

import json
from importlib.util import find_spec

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.batch import BatchManagementClient

from tests.deploy.stacks import Stack
from tests.pulumi.test_commands import plain
from tests.services import REPOSITORY

pytestmark = [
    pytest.mark.pulumi,
    pytest.mark.skipif(find_spec("pulumi_policy") is None, reason="no `pulumi-policy`; `make setup` installs it"),
]

PACK = REPOSITORY / "policy"
ALL_BUT_KEYS = {"no-shared-keys": "disabled", "nodes-capped": {"nodes": 2}}


def test_local_stack_keeps_the_policies_that_are_meant_for_it(stack: Stack) -> None:
    project = plain(stack)
    project.must_pulumi("stack", "init", stack.name)
    held = ("--policy-pack", str(PACK), "--policy-pack-config", str(PACK / "local.json"))
    printed = project.must_pulumi("preview", "-s", stack.name, *held)
    assert f"✅ shoal@v0.1.0 (local: {PACK})" in printed
    assert "[mandatory]" not in printed
    assert "[advisory]" not in printed


def test_broken_policy_ends_the_deployment_before_the_resource_is_made(
    stack: Stack, management: BatchManagementClient
) -> None:
    project = plain(stack)
    project.must_pulumi("stack", "init", stack.name)
    config = project.directory / "policies.json"
    config.write_text(json.dumps(ALL_BUT_KEYS))
    held = ("--policy-pack", str(PACK), "--policy-pack-config", str(config))
    refused = project.pulumi("preview", "-s", stack.name, *held)
    assert refused.returncode == 1
    assert "- [mandatory]  nodes-capped  (shoal:index:PoolUpdate: spot-pool)" in refused.stdout
    assert "it may have 3 nodes, and 2 are allowed; lower maxSpotNodes and maxDedicatedNodes" in refused.stdout
    assert "- [advisory]  budget-present" in refused.stdout
    assert project.pulumi("up", "-y", "--skip-preview", "-s", stack.name, *held).returncode == 1
    account = stack.name.replace("-", "")
    assert management.batch_account.get(account, account).name == account
    with pytest.raises(ResourceNotFoundError):
        management.pool.get(account, account, "spot")


def test_configuration_that_a_rule_does_not_allow_is_refused(stack: Stack) -> None:
    project = plain(stack)
    project.must_pulumi("stack", "init", stack.name)
    config = project.directory / "policies.json"
    config.write_text(json.dumps({"spot-share": {"share": 2}}))
    refused = project.pulumi(
        "preview", "-s", stack.name, "--policy-pack", str(PACK), "--policy-pack-config", str(config)
    )
    assert refused.returncode != 0
    assert "spot-share" in refused.stdout + refused.stderr
    assert "less than or equal to 1" in refused.stdout + refused.stderr
