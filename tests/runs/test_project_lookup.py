"""The project of a command: around the working directory, around the job file, or where `-C` says."""

from pathlib import Path

import pytest

from shoal.environment import Environment
from shoal.service_status import Status
from tests.environments import shoal

JOB = "job: {pool: spot}\nstages:\n  - {name: a, command: cat in.txt, inputs: [{from: in.txt}]}\n"


@pytest.fixture
def job_folder(project: Path, environment: Environment, name: str) -> Path:
    """A folder below the project of a deployed stack."""
    folder = project / "jobs" / name
    folder.mkdir(parents=True)
    (folder / "job.yaml").write_text(JOB)
    (folder / "in.txt").write_text("x")
    return folder


def test_project_is_found_around_the_job_file(service: Status, job_folder: Path, tmp_path: Path) -> None:
    done = shoal(service, tmp_path, "plan", str(job_folder / "job.yaml"), "--job", "j")
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "job j on pool spot"), done.stderr


def test_command_runs_as_if_started_in_the_directory_of_its_option(
    service: Status, job_folder: Path, tmp_path: Path
) -> None:
    done = shoal(service, tmp_path, "-C", str(job_folder), "plan", "job.yaml", "--job", "j")
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "job j on pool spot"), done.stderr
    missing = shoal(service, tmp_path, "-C", str(tmp_path / "none"), "jobs")
    assert (missing.returncode, "does not exist" in missing.stderr) == (2, True)


def test_job_file_outside_of_any_project_names_both_places_and_the_option(service: Status, tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "job.yaml").write_text(JOB)
    done = shoal(service, tmp_path / "here", "submit", "../job.yaml")
    assert done.returncode == 2
    assert "there is no Pulumi.yaml in " in done.stderr
    assert "or pass -C DIR" in done.stderr
