"""The project's own program, deployed to a service by `shoal up` with Pulumi's engine."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.batch import BatchManagementClient

from tests.deploy.stacks import Stack, copied_stack
from tests.deploy.test_environment_stack import test_stack_that_is_taken_down_leaves_nothing_in_the_service

__all__ = ["test_stack_that_is_taken_down_leaves_nothing_in_the_service"]

pytestmark = pytest.mark.pulumi

NOWHERE = "http://127.0.0.1:9"
"""A proxy that keeps the program's own client from the service, and no one else's."""


def test_first_deployment_leaves_a_document_and_the_second_changes_nothing(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed = stack.up()
    assert "with Pulumi's engine" in printed
    assert "17 created, 0 unchanged." in printed
    environment = stack.environment(monkeypatch)
    assert (environment.stack, list(environment.pools), list(environment.packages)) == (stack.name, ["spot"], ["var"])
    assert "No changes: all 17 resources are as declared." in stack.up()


def test_pool_is_changed_in_place_replaced_and_removed_as_configured(
    stack: Stack, management: BatchManagementClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.up()
    environment = stack.environment(monkeypatch)
    account = environment.resource_group, environment.batch_account
    made = management.pool.get(*account, "spot").properties
    assert made
    stack.configure(**{"maxSpotNodes: 3": "maxSpotNodes: 2"})
    assert " ~  batch:Pool spot-pool updated  [diff: ~scaleSettings]" in stack.up()
    changed = management.pool.get(*account, "spot").properties
    assert changed
    assert changed.creation_time == made.creation_time
    stack.configure(standard_d2s_v3="standard_d4s_v3")
    assert " +- batch:Pool spot-pool replaced  [diff: ~vmSize]" in stack.up()
    replaced = management.pool.get(*account, "spot").properties
    assert replaced
    assert replaced.creation_time != made.creation_time
    assert stack.environment(monkeypatch).pools["spot"].vm_size == "standard_d4s_v3"
    text = stack.file.read_text()
    salt = text[text.index("encryptionsalt:") :]
    stack.file.write_text(f"{text[: text.index('  shoal:pools:')]}  shoal:pools: []\n{salt}")
    assert " -  batch:Pool spot-pool deleted" in stack.up()
    with pytest.raises(ResourceNotFoundError):
        management.pool.get(*account, "spot")


def test_changed_package_becomes_a_version_that_the_pool_takes(
    stack: Stack, management: BatchManagementClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.configure(**{"maxDedicatedNodes: 0\n": "maxDedicatedNodes: 0\n      packages: [var]\n"})
    stack.up()
    (stack.app / "simulate.py").write_text("print('second')\n")
    printed = stack.up()
    assert " +- batch:ApplicationPackage var-version replaced  [diff: ~versionName]" in printed
    assert " ~  batch:Pool spot-pool updated  [diff: ~applicationPackages]" in printed
    environment = stack.environment(monkeypatch)
    account = environment.resource_group, environment.batch_account
    version = environment.packages["var"].version
    assert [package.name for package in management.application_package.list(*account, "var")] == [version]
    pool = management.pool.get(*account, "spot").properties
    assert pool
    assert [reference.version for reference in pool.application_packages or ()] == [version]


def test_failed_publication_stops_the_pool_and_is_mended_by_the_next_deployment(
    stack: Stack, management: BatchManagementClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A pool waits for the packages that it lists, and for no others.
    stack.configure(**{"maxSpotNodes: 3": "maxSpotNodes: 3\n      packages: [var]"})
    with monkeypatch.context() as cut_off:
        cut_off.setenv("HTTP_PROXY", NOWHERE)
        failed = stack.project.shoal("up", "-y", "-s", stack.name)
    assert failed.returncode == 1
    assert "application package var" in failed.stderr
    assert "could not be reserved" in failed.stderr  # the first request of the publication
    assert "Traceback" not in failed.stderr
    account = stack.name.replace("-", ""), stack.name.replace("-", "")
    with pytest.raises(ResourceNotFoundError):
        management.pool.get(*account, "spot")
    assert " +  batch:Pool spot-pool created" in stack.up()
    version = stack.environment(monkeypatch).packages["var"].version
    package = management.application_package.get(*account, "var", version).properties
    assert package
    assert package.state == "Active"


def test_interrupted_deployment_ends_in_order_and_the_next_one_goes_on(stack: Stack) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "shoal", "up", "-y", "-s", stack.name],
        cwd=stack.project.directory,
        env={**stack.project.environment, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as deployment:
        assert deployment.stdout
        for line in deployment.stdout:
            if " created" in line:
                os.kill(deployment.pid, signal.SIGINT)
                break
        _, errors = deployment.communicate(timeout=120)
    assert (deployment.returncode, errors.split("\n")[-2]) == (130, "interrupted")
    assert f"stack {stack.name} may be deployed in part, and what is deployed stays; `shoal up -y" in errors
    assert " created" in stack.up()
    assert "No changes: all 17 resources are as declared." in stack.up()


def test_stacks_side_by_side_are_deployed_at_once_and_apart(stack: Stack) -> None:
    other = copied_stack(stack.project, f"{stack.name}-b")
    deployments = [
        subprocess.Popen(
            [sys.executable, "-m", "shoal", "up", "-y", "-s", each.name],
            cwd=each.project.directory,
            env=each.project.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for each in (stack, other)
    ]
    for deployment in deployments:
        printed, _ = deployment.communicate(timeout=240)
        assert "17 created" in printed
    down = stack.project.shoal("down", "-y", "-s", stack.name)
    assert "17 deleted" in down.stdout, down.stderr
    assert "No changes: all 17 resources are as declared." in other.up()
    assert other.project.shoal("down", "-y", "-s", other.name).returncode == 0


def test_stack_that_is_taken_down_leaves_nothing(stack: Stack) -> None:
    stack.up()
    down = stack.project.shoal("down", "-y", "-s", stack.name)
    assert "17 deleted" in down.stdout, down.stderr
    arm = stack.project.service.arm
    groups = arm.get("/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups", "2024-03-01")
    assert stack.name.replace("-", "") not in json.dumps(groups)
    state = Path(stack.project.status.state_dir) / "pulumi" / "state" / ".pulumi" / "stacks" / "shoal"
    assert not (state / f"{stack.name}.json").exists()
    assert stack.file.exists()
    assert "is not deployed" in stack.project.shoal("down", "-y", "-s", stack.name).stderr


def test_stack_of_one_engine_is_refused_to_the_other(stack: Stack) -> None:
    stack.up()
    refused = stack.project.shoal("up", "-y", "-s", stack.name, "--engine", "embedded")
    assert f"stack {stack.name} was deployed by Pulumi's engine" in refused.stderr
    assert refused.returncode == 2


def test_wrong_configuration_is_one_message_and_creates_nothing(stack: Stack) -> None:
    stack.configure(**{"taskSlotsPerNode: 4": "taskSlotsPerNode: 0"})
    refused = stack.project.shoal("up", "-y", "-s", stack.name)
    assert refused.stderr == f"error: shoal:pools[0].taskSlotsPerNode is 0; it must be at least 1 ({stack.file.name})\n"
    assert refused.returncode == 2
    group = f"/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/{stack.name.replace('-', '')}"
    assert stack.project.service.arm.get(group, "2024-03-01") is None
