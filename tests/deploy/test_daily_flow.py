"""Days of a stack in a strict cloud: it is deployed, used, changed, broken, mended and taken down."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from azure.mgmt.batch import BatchManagementClient

from shoal.deploy.embedded.stack_record import SUBSCRIPTION
from tests.deploy.stacks import Stack
from tests.deploy.test_pool_stack import changed
from tests.waiting import wait_until

pytestmark = pytest.mark.story

CLOUD = {
    "like": "azure",
    "seed": 7,
    "boot_seconds": 0.3,
    "arm_operation_seconds": 0.3,
    "role_delay_seconds": 1.0,
    "task_count_lag_seconds": 0.5,
    "task_lag_seconds": 0.5,
    "slow_seconds": 0.3,
}
"""A cloud like Azure with shorter times."""
BY_CHANCE = ("evictions_per_node_hour", "unusable_share", "start_task_failure_share", "cut_share")
"""Faults that depend on the moment or on earlier nodes of the service, not on the seed alone."""
JOB = """\
job: {pool: spot}
stages:
  - name: work
    command: python3 $AZ_BATCH_APP_PACKAGE_VAR/simulate.py > result.txt
    packages: [var]
    outputs: [{pattern: result.txt}]
"""
SPOT = "maxSpotNodes: 3\n"
BROKEN = "      startTask: {commandLine: /bin/sh -c 'echo no such tool >&2; exit 3', maxRetryCount: 0}\n"
MENDED = "      startTask: {commandLine: /bin/true, maxRetryCount: 0}\n"


@pytest.fixture(autouse=True)
def strict(stack: Stack) -> Iterator[None]:
    with stack.project.status.chaos(**CLOUD, **dict.fromkeys(BY_CHANCE, 0)):
        yield


def test_stack_is_used_changed_broken_mended_and_taken_down(stack: Stack, management: BatchManagementClient) -> None:
    stack.configure(PT3S="PT1S")
    (stack.project.directory / "job.yaml").write_text(JOB)
    assert "17 created, 0 unchanged." in stack.up()
    assert result_of_run(stack, "first") == "first\n"
    made = pool(stack, management)

    (stack.app / "simulate.py").write_text("print('second')\n")
    assert "1 replaced, 16 unchanged." in stack.up()
    assert pool(stack, management)["etag"] == made["etag"], "the pool is not touched"
    assert result_of_run(stack, "second") == "second\n"

    stack.configure(**{SPOT: SPOT.replace("3", "1")})
    assert changed(stack.up(), " ~  batch:Pool spot-pool updated") == {"~scaleSettings"}
    patched = pool(stack, management)
    assert "maxSpotNodes = 1;" in patched["properties"]["scaleSettings"]["autoScale"]["formula"]
    assert patched["properties"]["creationTime"] == made["properties"]["creationTime"]

    stack.configure(**{"      maxDedicatedNodes: 0\n": f"      maxDedicatedNodes: 0\n{BROKEN}"})
    assert changed(stack.up(), " ~  batch:Pool spot-pool updated") == {"+startTask"}
    # A node that is left of the last run has no start task, and would work.
    wait_until(lambda: pool(stack, management)["properties"]["currentLowPriorityNodes"] == 0, within=60)
    with running(stack, "third") as run:
        lines = lines_until(run, "  | no such tool")
        assert "pool spot: rebooting node" in lines
        assert "its start task failed with exit code 3; mend the cause and run `shoal up`" in lines
        stack.configure(**{BROKEN: MENDED})
        # Its last line names the node, unless the recovery by the job's watch comes first.
        assert changed(stack.up(), " ~  batch:Pool spot-pool updated") == {"~startTask"}
        printed, errors = run.communicate(timeout=60)
    assert run.returncode == 0, errors
    assert "pool spot: rebooting node" in printed
    assert result(stack, "third") == "second\n"
    assert "No changes: all 17 resources are as declared." in stack.up()

    down = stack.project.shoal("down", "-y", "-s", stack.name)
    assert "17 deleted" in down.stdout, down.stderr
    groups = stack.project.service.arm.get(f"/subscriptions/{SUBSCRIPTION}/resourceGroups", "2024-03-01")
    assert account_name(stack) not in json.dumps(groups)
    assert "is not deployed" in stack.project.shoal("down", "-y", "-s", stack.name).stderr


def pool(stack: Stack, management: BatchManagementClient) -> dict[str, Any]:
    name = account_name(stack)
    resource: dict[str, Any] = management.pool.get(name, name, "spot").as_dict()
    return resource


def account_name(stack: Stack) -> str:
    return stack.name.replace("-", "")


def result_of_run(stack: Stack, job: str) -> str:
    done = stack.project.shoal("run", "job.yaml", "-s", stack.name, "--job", job, "--out", job)
    assert done.returncode == 0, done.stderr
    return result(stack, job)


def result(stack: Stack, job: str) -> str:
    return (stack.project.directory / job / "work" / "work" / "result.txt").read_text()


def running(stack: Stack, job: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "shoal", "run", "job.yaml", "-s", stack.name, "--job", job, "--out", job],
        cwd=stack.project.directory,
        env={**stack.project.environment, "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def lines_until(run: subprocess.Popen[str], last: str) -> str:
    """Return what the command prints until a line."""
    assert run.stdout
    lines = []
    for line in run.stdout:
        lines.append(line)
        if line.rstrip() == last:
            return "".join(lines)
    raise AssertionError("".join(lines))
