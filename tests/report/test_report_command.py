"""`shoal report` on a real service."""

import csv
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from shoal.environment import Environment, to_json
from shoal.service_status import Status
from tests.environments import shoal as run_shoal
from tests.report.test_page import Page

JOB = """\
parameters: {limit: {type: int, default: 4}}
job: {pool: spot}
stages:
  - name: square
    for_each: {product: {n: [1, 2, 3, 4]}}
    command: "echo '<b>n is {{ n }}</b>' >&2; test {{ n }} -lt {{ limit }}"
    on_failure: continue
  - name: count
    after: square
    command: "true"
"""
Shoal = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def shoal(service: Status, environment: Environment, tmp_path_factory: pytest.TempPathFactory) -> Shoal:
    directory = tmp_path_factory.mktemp("report")
    (directory / "job.yaml").write_text(JOB)
    (directory / "environment.json").write_text(json.dumps(to_json(environment)))
    return lambda *words: run_shoal(service, directory, *words, "--environment", "environment.json")


@pytest.fixture(scope="module")
def job_id(shoal: Shoal) -> str:
    ran = shoal("run", "job.yaml", "--job", "reported", "--json")
    assert ran.returncode == 1, ran.stderr
    return "reported"


def test_report_is_one_file_with_the_failure_and_the_end_of_its_stderr(
    shoal: Shoal, job_id: str, tmp_path: Path
) -> None:
    made = shoal("report", job_id, "--out", str(tmp_path / "deep" / "r.html"))
    assert (made.returncode, made.stderr) == (0, f"wrote {tmp_path}/deep/r.html\n")
    text = (tmp_path / "deep" / "r.html").read_text()
    shown = " ".join("".join(Page(text).texts).split())
    assert "1 of 5 tasks failed." in shown
    assert "<b>n is 4</b>" in shown
    assert "2 that ran tasks" in shown or "1 that ran tasks" in shown
    assert "less than 0.01 USD" in shown
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["r.html"]


def test_report_for_scripts_has_a_row_or_a_record_for_each_task(shoal: Shoal, job_id: str) -> None:
    rows = list(csv.DictReader(shoal("report", job_id, "--csv").stdout.splitlines()))
    assert sorted((row["stage"], row["result"]) for row in rows) == [
        ("count", "success"),
        ("square", "failure"),
        *[("square", "success")] * 3,
    ]
    content = json.loads(shoal("report", job_id, "--json").stdout)
    assert [stage["tasks"] for stage in content["stages"]] == [4, 1]
    assert content["parameters"] == {"limit": 4}
    assert (content["origin"]["job file"], content["origin"]["clean"]) == ("job.yaml", None)
    (kind,) = content["jobs"][0]["failures"]
    assert (kind["tasks"], kind["exit_code"]) == (1, 1)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["report", "typo"], "there is no job 'typo'"),
        (["report", "reported", "--csv", "--json"], "give either --csv or --json"),
        (["report", "reported", "--out", "job.yaml/r.html"], "job.yaml/r.html cannot be written: File exists"),
    ],
)
def test_mistakes_are_one_sentence_and_leave_no_file(
    shoal: Shoal, job_id: str, words: list[str], sentence: str
) -> None:
    refused = shoal(*words)
    assert refused.returncode == 2
    assert sentence in refused.stderr
    assert "Traceback" not in refused.stderr
