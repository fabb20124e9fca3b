"""A start task that is deployed broken, then mended: what `up` and `nodes` say, and how the nodes get it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from shoal.service_status import Status
from tests.environments import shoal
from tests.services import REPOSITORY
from tests.waiting import wait_until

STACK_NAME = "mending"
"""Not the stack of other tests, which share the service."""
STACK = """\
config:
  shoal:service: embedded
  shoal:authentication: shared_key
  shoal:resourceGroup: mending
  shoal:batchAccount: mendingbatch
  shoal:storageAccount: mendingstore
  shoal:pools:
    - name: spot
      vmSize: standard_d2s_v3
      image: ubuntu-24.04
      spotNodes: 2
      startTask: {commandLine: /bin/sh -c "echo no such tool >&2; exit 3", maxRetryCount: 0}
"""
Command = Callable[..., CompletedProcess[str]]


@pytest.fixture
def command(service: Status, tmp_path: Path) -> Command:
    for name in ("Pulumi.yaml", "__main__.py"):
        shutil.copy(REPOSITORY / name, tmp_path / name)
    (tmp_path / f"Pulumi.{STACK_NAME}.yaml").write_text(STACK)
    return lambda *words: shoal(service, tmp_path, *words, "-s", STACK_NAME)


def nodes(command: Command) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(command("nodes", "spot", "--json").stdout)
    return rows


def change_start_task(directory: Path, command_line: str) -> None:
    (directory / f"Pulumi.{STACK_NAME}.yaml").write_text(
        STACK.replace('/bin/sh -c "echo no such tool >&2; exit 3"', command_line)
    )


def test_changed_start_task_reaches_nodes_by_recovery_and_on_request(
    command: Command, tmp_path: Path, name: str
) -> None:
    (tmp_path / "job.yaml").write_text("job: {pool: spot}\nstages: [{name: work, command: 'true'}]\n")
    command("up", "-y").check_returncode()
    wait_until(lambda: [node["state"] for node in nodes(command)] == ["starttaskfailed"] * 2, every=0.5)
    change_start_task(tmp_path, "/bin/true")
    mended = command("up", "-y")
    assert mended.returncode == 0, mended.stderr
    assert mended.stdout.splitlines()[-1] == (
        "pool spot: the old start task is still on 2 nodes (2 starttaskfailed); "
        "`shoal up --restart-nodes` reboots them, running ones after their tasks"
    )
    assert [(node["state"], node["start_task"], node["old_start_task"]) for node in nodes(command)] == [
        ("starttaskfailed", "failure", True)
    ] * 2, "nothing is rebooted unless requested"
    run = command("run", "job.yaml", "--job", name)
    assert run.returncode == 0, run.stderr
    assert "and 1 more: its start task failed with exit code 3\n" in run.stdout
    wait_until(lambda: [node["state"] for node in nodes(command)] == ["idle"] * 2, every=0.5)
    change_start_task(tmp_path, "/bin/sleep 0")
    restarted = json.loads(command("up", "-y", "--restart-nodes", "--json").stdout)
    assert restarted["stale_nodes"] == [
        {"pool": "spot", "old": {"idle": 2}, "failed": 0, "rebooted": 2, "rebooted_later": 0}
    ]
    ready = [("idle", "success", False)] * 2
    wait_until(lambda: [(row["state"], row["start_task"], row["old_start_task"]) for row in nodes(command)] == ready)
    assert command("up", "-y", "--restart-nodes").stdout.splitlines()[-1].startswith("No changes")
    command("down", "-y").check_returncode()
