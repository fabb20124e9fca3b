"""A job's id can be used again: nothing of one run is read as another's."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from shoal.environment import Environment, to_json
from shoal.service_status import Status
from tests.environments import shoal as run_shoal
from tests.services import REPOSITORY

JOB = """\
parameters:
  last: {type: int, default: 4}
job: {pool: spot}
stages:
  - name: square
    for_each: {product: {n: {range: [1, "{{ last }}"]}}}
    command: echo {{ n }} | tee out.txt
    outputs: [{pattern: out.txt}]
  - name: count
    after: square
    inputs: [{stage: square, to: parts}]
    command: cat parts/{{ job }}/square/*/out.txt | wc -l > count.txt; find . -name out.txt | wc -l >> count.txt
    outputs: [{pattern: count.txt}]
"""
Shoal = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def shoal(service: Status, environment: Environment, tmp_path: Path) -> Shoal:
    (tmp_path / "job.yaml").write_text(JOB)
    (tmp_path / "environment.json").write_text(json.dumps(to_json(environment)))
    return lambda *words: run_shoal(service, tmp_path, *words, "--environment", "environment.json")


def test_job_submitted_again_after_rm_reads_and_brings_home_only_its_own_outputs(
    shoal: Shoal, name: str, tmp_path: Path
) -> None:
    assert shoal("run", "job.yaml", "--job", name, "--out", "first").returncode == 0
    assert (tmp_path / "first/count/count/count.txt").read_text().split() == ["4", "4"]
    assert shoal("rm", "-y", name).returncode == 0
    again = shoal("run", "job.yaml", "--job", name, "-p", "last=2", "--out", "second", "--json")
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "second/count/count/count.txt").read_text().split() == ["2", "2"]
    assert json.loads(again.stdout)["fetched"]["files"] == 3


def test_results_of_an_earlier_run_are_moved_aside(shoal: Shoal, name: str, tmp_path: Path) -> None:
    assert shoal("run", "job.yaml", "--job", name).returncode == 0
    (tmp_path / f"results/{name}/mine.txt").write_text("my own")
    assert shoal("rm", "-y", name).returncode == 0
    again = shoal("run", "job.yaml", "--job", name, "-p", "last=2")
    assert f"were moved from results/{name} to " in again.stderr
    results = tmp_path / "results" / name
    assert len([path for path in results.rglob("*") if path.is_file()]) == 4
    assert (results / "mine.txt").read_text() == "my own"
    (earlier,) = tmp_path.glob(f"results/{name}.*")
    assert (earlier / "count/count/count.txt").read_text().split() == ["4", "4"]


def test_rm_says_what_stays_and_deletes_it_on_request(shoal: Shoal, name: str) -> None:
    assert shoal("run", "job.yaml", "--job", name, "-p", "last=1").returncode == 0
    removed = shoal("rm", "-y", name)
    assert removed.stdout == f"{name}: deleted\n"
    assert removed.stderr.startswith("6 files, ")
    assert removed.stderr.endswith(f"stay in storage; `shoal rm {name} --outputs` deletes them\n")
    assert shoal("fetch", name, "--out", "left").returncode == 0
    assert shoal("rm", "-y", name, "--outputs").stderr.startswith("deleted 6 files, ")
    gone = shoal("fetch", name, "--out", "left")
    assert (gone.returncode, gone.stderr) == (2, f"error: there is no job '{name}'; `shoal jobs` lists them\n")
    assert shoal("rm", "-y", name).returncode == 2


def test_runs_that_are_left_are_told_apart_by_their_ids(shoal: Shoal, name: str, tmp_path: Path) -> None:
    for last in (1, 2):
        assert shoal("run", "job.yaml", "--job", name, "-p", f"last={last}", "--out", f"home-{last}").returncode == 0
        shoal("rm", "-y", name)
    refused = shoal("fetch", name)
    assert refused.returncode == 2
    runs = refused.stderr.partition("left outputs or logs: ")[2].partition(";")[0].split(", ")
    assert len(runs) == 2
    counts = {
        json.loads(shoal("fetch", name, "--run", run, "--out", run, "--json").stdout)["files"]: run for run in runs
    }
    assert sorted(counts) == [2, 3]
    assert shoal("logs", name, "count", "--run", counts[2]).returncode == 0
    assert shoal("rm", "-y", name, "--outputs", "--run", counts[2]).returncode == 0
    assert json.loads(shoal("fetch", name, "--out", "rest", "--json").stdout)["files"] == 3
    # As `shoal run` does: the manifest stands beside the results, with their checksums.
    assert len(json.loads((tmp_path / "rest-manifest.json").read_text())["results"]) == 3


def test_command_without_a_shell_finds_the_outputs_of_earlier_stages_too(
    shoal: Shoal, name: str, tmp_path: Path
) -> None:
    job = JOB[: JOB.index("    command: cat")] + '    command: [find, "parts/{{ job }}/square", -name, out.txt]\n'
    (tmp_path / "job.yaml").write_text(job)
    assert shoal("run", "job.yaml", "--job", name, "-p", "last=2").returncode == 0
    lines = shoal("logs", name, "count").stdout.splitlines()
    assert [line.split("/")[:3] for line in lines] == [["parts", name, "square"]] * 2


def test_changed_definition_ends_with_2_and_the_message_of_running_md(shoal: Shoal, name: str, tmp_path: Path) -> None:
    page = (REPOSITORY / "docs" / "running.md").read_text()
    shown = page.partition("$ shoal submit job.yaml --job var-friday\n")[2].partition("```")[0]
    (tmp_path / "job.yaml").write_text(JOB.replace("echo {{ n }}", "sleep 60; echo {{ n }}"))
    assert shoal("submit", "job.yaml", "--job", name).returncode == 0
    (tmp_path / "job.yaml").write_text(JOB)
    refused = shoal("submit", "job.yaml", "--job", name, "-p", f"run={name}")
    assert (refused.returncode, refused.stdout) == (2, "")
    message = refused.stderr.replace(name, "var-friday").replace("square", "simulate")
    assert message.startswith(shown)
    assert shoal("submit", "job.yaml", "--job", name, "--changed", "keep").returncode == 0
    assert shoal("cancel", name).returncode == 0
