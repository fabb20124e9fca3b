"""Digests of the tasks of two runs of one file: the same but for what differs besides job and run."""

from pathlib import Path

import pytest

from shoal.jobs.binding.bound_job import bind
from shoal.jobs.file.job_file import read_job_file
from shoal.jobs.submit.plan import make_plan
from tests.jobs.builders import ENVIRONMENT

JOB = (
    'job: {id: "nightly-{{ run }}", pool: spot}\nstages: [{name: a, command: "COMMAND", outputs: [{pattern: o.txt}]}]\n'
)


def digests(directory: Path, command: str, run: str) -> tuple[int, int]:
    (directory / "job.yaml").write_text(JOB.replace("COMMAND", command))
    [stage] = make_plan(bind(read_job_file(directory / "job.yaml", given={}, run=run), ENVIRONMENT)).stages
    return stage.content.total, stage.common_content.total


@pytest.mark.parametrize("command", ["date > o.txt", "echo {{ run }} > o.txt", "ls {{ job }}/x; echo '{{ job }}'"])
def test_digest_without_job_and_run_is_that_of_another_run(command: str, tmp_path: Path) -> None:
    monday, tuesday = (digests(tmp_path, command, run) for run in ("monday", "tuesday"))
    assert monday[0] != tuesday[0]
    assert monday[1] == tuesday[1]


def test_another_command_has_another_digest(tmp_path: Path) -> None:
    assert digests(tmp_path, "date > o.txt", "monday")[1] != digests(tmp_path, "cal > o.txt", "monday")[1]


def test_name_inside_a_longer_word_stays(tmp_path: Path) -> None:
    assert digests(tmp_path, "echo mondays", "monday")[1] != digests(tmp_path, "echo tuesdays", "tuesday")[1]


def test_short_name_of_a_run_is_no_name_elsewhere(tmp_path: Path) -> None:
    assert digests(tmp_path, "echo 1", "1")[1] == digests(tmp_path, "echo 1", "2")[1]
