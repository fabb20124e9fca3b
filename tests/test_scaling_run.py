"""The stack of `Pulumi.local.yaml` as a person sees it scale: from no node to the sweep's and back, one taken away."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shoal.service_status import Status
from tests.environments import environment_variables, shoal
from tests.services import REPOSITORY, running_service
from tests.waiting import wait_until

SWEEP = """\
job: {id: sweep, pool: spot}
stages:
  - name: simulate
    for_each: {product: {part: {range: [1, 48]}}}
    command: sh -c 'sleep 3; echo {{ part }} > part.txt'
    outputs: [{pattern: part.txt}]
"""


@pytest.fixture
def status(tmp_path: Path) -> Iterator[Status]:
    with running_service(tmp_path / "state") as status:
        yield status


@pytest.fixture
def project(tmp_path: Path, status: Status) -> Path:
    directory = tmp_path / "project"
    (directory / "examples" / "var" / "app").mkdir(parents=True)
    (directory / "examples" / "var" / "app" / "nothing.txt").touch()
    for name in ("Pulumi.yaml", "Pulumi.local.yaml", "__main__.py"):
        shutil.copy(REPOSITORY / name, directory)
    (directory / "job.yaml").write_text(SWEEP)
    shoal(status, directory, "up", "-y").check_returncode()
    return directory


def nodes(status: Status, project: Path) -> list[dict[str, Any]]:
    seen: list[dict[str, Any]] = json.loads(shoal(status, project, "nodes", "spot", "--json").stdout)
    return seen


@pytest.mark.story
@pytest.mark.xdist_group("heavy")
def test_spot_pool_grows_for_a_sweep_bears_a_preemption_and_is_at_zero_afterwards(
    status: Status, project: Path
) -> None:
    assert nodes(status, project) == []
    run = subprocess.Popen(
        [sys.executable, "-m", "shoal", "run", "job.yaml", "--out", "results"],
        cwd=project,
        env=environment_variables(status),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with run:
        wait_until(lambda: [node["state"] for node in nodes(status, project)].count("running") == 3, within=90)
        taken = shoal(status, project, "local", "chaos", "--preempt", "any")
        output, _ = run.communicate(timeout=120)
    assert taken.returncode == 0, taken.stderr
    assert run.returncode == 0, output
    assert sorted(int(part.read_text()) for part in (project / "results").rglob("part.txt")) == list(range(1, 49))
    wait_until(lambda: nodes(status, project) == [], every=0.2, within=90)
