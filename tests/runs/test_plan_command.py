"""`shoal plan` on a deployed stack: a forecast, and problems of the service as lines and as JSON."""

import json
import subprocess
from pathlib import Path

import pytest

from shoal.environment import Environment, to_json
from shoal.service_status import Status
from tests.environments import shoal

JOB = "job: {pool: spot, id: planned}\nstages:\n  - {name: a, command: x, for_each: {product: {n: {range: [1, 16]}}}}\n"


@pytest.fixture
def folder(environment: Environment, tmp_path: Path) -> Path:
    (tmp_path / "environment.json").write_text(json.dumps(to_json(environment)))
    (tmp_path / "job.yaml").write_text(JOB)
    return tmp_path


def plan(service: Status, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return shoal(service, folder, "plan", "job.yaml", "--environment", "environment.json", *words)


def test_plan_as_json_has_the_forecast_with_its_price_and_its_durations(service: Status, folder: Path) -> None:
    done = plan(service, folder, "--expect", "10s", "--json")
    assert done.returncode == 0, done.stderr
    forecast = json.loads(done.stdout)["forecast"]
    assert forecast["durations"] == {"a": 10.0}
    # Two nodes with four slots each.
    assert forecast["forecast"]["makespan_seconds"] == pytest.approx(20, rel=0.02)
    assert forecast["forecast"]["cost"]["currency"] == "USD"


def test_durations_have_one_source(service: Status, folder: Path) -> None:
    done = plan(service, folder, "--like", "x", "--probe", "2")
    assert (done.returncode, "give one of --expect, --like and --probe" in done.stderr) == (2, True)
    done = plan(service, folder, "--like", "never-was")
    assert (done.returncode, done.stderr) == (2, "error: there is no job 'never-was'; `shoal jobs` lists them\n")


def test_problem_of_the_service_ends_the_plan_with_its_line(service: Status, folder: Path) -> None:
    text = JOB.replace("command: x", "command: x, inputs: [{blobs: a/, container: of-nobody}]")
    (folder / "job.yaml").write_text(text)
    done = plan(service, folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: job.yaml line 3: storage account ")
    assert done.stderr.endswith("has no container 'of-nobody'; create it first\n")
    (problem,) = json.loads(plan(service, folder, "--json").stdout)["problems"]
    assert problem["line"] == 3
    submitted = shoal(service, folder, "submit", "job.yaml", "--environment", "environment.json")
    assert (submitted.returncode, submitted.stderr) == (2, done.stderr)
