"""Job schedules from a job file to results at home, by the commands that people type."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from azure.batch import models

from shoal.cli import main
from shoal.connect import connected
from shoal.environment import Environment
from shoal.jobs.schedule.stored_tasks import delete_stored_tasks
from shoal.runs.schedules import details, schedules
from shoal.service_status import Status
from tests.waiting import wait_until

Run = Callable[..., CompletedProcess[str]]

JOB = """\
parameters: {{word: {{default: one}}}}
job:
  id: {name}
  pool: spot
  schedule: {{every: 1m}}
  max_time: 10m
stages:
  - name: make
    for_each: {{product: {{n: [1, 2, 3]}}}}
    command: cat prices.csv > n.txt; echo {{{{ word }}}} {{{{ n }}}} >> n.txt; test ! -e {folder}/fail
    inputs: [{{from: {name}.csv, to: prices.csv}}]
    outputs: [{{pattern: n.txt}}]
  - name: sum
    after: make
    command: cat {{{{ job }}}}/make/*/n.txt > all.txt
    inputs: [{{stage: make}}]
    outputs: [{{pattern: all.txt}}]
"""


@pytest.fixture
def run(
    service: Status,
    project: Path,
    environment: Environment,
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Run]:
    """The command in the project's directory, with a job file and its input; the schedule is removed at the end."""
    assert environment.nodes_add_tasks
    (project / f"{name}.yaml").write_text(JOB.format(name=name, folder=tmp_path))
    (project / f"{name}.csv").write_text("price\n")
    monkeypatch.setenv("SHOAL_STATE", service.state_dir)
    monkeypatch.chdir(project)

    def command(*words: str) -> CompletedProcess[str]:
        """Run in this process: a process for each of many commands would take most of the time."""
        monkeypatch.setattr(sys, "argv", ["shoal", *words])
        out, err = StringIO(), StringIO()
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
            main()
        return CompletedProcess(words, int(ended.value.code or 0), out.getvalue(), err.getvalue())

    yield command
    command("schedules", "remove", "-y", name)


def rows(run: Run, name: str) -> dict[str, Any]:
    """Return the schedule's row in the list."""
    (row,) = [row for row in json.loads(run("schedules", "--json").stdout) if row["id"] == name]
    return dict(row)


def test_each_job_of_a_schedule_is_a_run_with_a_folder_of_its_own(run: Run, project: Path, name: str) -> None:
    file, job = f"{name}.yaml", f"{name}:job-1"
    planned = run("plan", file)
    assert "a schedule: such a job every 1 min, the first one when it is submitted" in planned.stdout
    assert "each job reads the file of this submission, as it is now" in planned.stderr
    submitted = run("submit", file)
    assert (submitted.returncode, submitted.stdout) == (0, f"{name}\n")
    assert f"schedule {name}: added; 4 tasks in each job" in submitted.stderr
    assert "already there" in run("submit", file).stderr

    watched = run("watch", job)
    assert (watched.returncode, watched.stdout.splitlines()[-1]) == (0, "5 succeeded, 0 failed (AllTasksComplete)")
    assert "all is well" in run("why", job).stdout
    assert {row["id"]: row["reason"] for row in json.loads(run("jobs", "--json").stdout)}[job] == "AllTasksComplete"
    assert {row["id"].partition("-")[0] for row in json.loads(run("tasks", job, "--json").stdout)} == {
        "schedule_manager",
        "make",
        "sum",
    }
    assert run("logs", job, "sum").returncode == 0
    assert run("fetch", job).returncode == 0
    results = project / "results" / f"{name}.job-1"
    assert (results / "sum" / "sum" / "all.txt").read_text() == "price\none 1\nprice\none 2\nprice\none 3\n"
    assert json.loads(results.with_name(f"{name}.job-1-manifest.json").read_text())["job_id"] == job
    report = json.loads(run("report", job, "--json").stdout)
    assert report["job_id"] == job
    assert len(report["tasks"]) == 4
    removed = run("rm", "-y", job, "--outputs")
    assert (removed.returncode, removed.stdout) == (0, f"{job}: deleted\n")
    assert removed.stderr.startswith("deleted 12 files, ")  # four outputs, and the stdout and stderr of four tasks


def test_schedule_is_paused_resumed_changed_and_removed(run: Run, name: str) -> None:
    file = f"{name}.yaml"
    run("submit", file).check_returncode()
    for command, answer in (
        ("pause", "paused"),
        ("pause", "was paused before"),
        ("resume", "resumed"),
        ("resume", "was not paused"),
        ("pause", "paused"),
    ):
        assert run("schedules", command, name).stdout == f"{name}: {answer}\n"
    row = rows(run, name)
    assert (row["state"], row["every"], row["latest_job"]) == ("disabled", "1 min", f"{name}:job-1")
    assert row["next_run"] is None
    assert f"next run: none: it is paused, and `shoal schedules resume {name}`" in run("schedules", "show", name).stdout

    changed = run("submit", file, "-p", "word=two")
    assert changed.returncode == 2
    assert f"schedule '{name}' is there already, with another definition:" in changed.stderr
    assert "  stage make: its tasks differ" in changed.stderr
    assert "stage sum" not in changed.stderr
    assert changed.stderr in run("plan", file, "-p", "word=two").stderr.replace(f"{file} line 3: ", "")
    assert "already there" in run("submit", file, "-p", "word=two", "--changed", "keep").stderr
    assert f"schedule {name}: replaced" in run("submit", file, "-p", "word=two", "--changed", "replace").stderr
    assert "already there" in run("submit", file, "-p", "word=two").stderr

    assert f"{name}:job-1" in run("schedules", "show", name).stdout
    assert f"did you mean {name}?" in run("schedules", "show", f"{name}x").stderr
    cancelled = run("cancel", name)
    assert (cancelled.returncode, f"'{name}' is a schedule" in cancelled.stderr) == (2, True)
    assert "give --job ID to run the job once and now" in run("run", file).stderr
    assert run("schedules", "remove", "-y", name).returncode == 0
    assert run("schedules", "remove", "-y", name).returncode == 2


def test_failed_task_of_a_schedules_job_runs_again_in_one_that_continues_it(
    run: Run, project: Path, name: str, tmp_path: Path
) -> None:
    (tmp_path / "fail").touch()
    run("submit", f"{name}.yaml").check_returncode()
    run("schedules", "pause", name).check_returncode()
    assert run("watch", f"{name}:job-1").returncode == 1
    run("cancel", f"{name}:job-1").check_returncode()
    assert run("retry", f"{name}:job-1").stdout == f"{name}-job-1-retry-1\n"
    assert run("watch", f"{name}-job-1-retry-1").returncode == 1
    run("cancel", f"{name}-job-1-retry-1")
    (tmp_path / "fail").unlink()
    retried = run("retry", f"{name}:job-1", "--with", f"{name}.yaml", "-p", "word=two")
    assert retried.stdout == f"{name}-job-1-retry-2\n"
    assert run("watch", retried.stdout.strip()).returncode == 0
    run("fetch", f"{name}:job-1").check_returncode()
    text = (project / "results" / f"{name}.job-1" / "sum" / "sum" / "all.txt").read_text()
    assert text == "".join(f"price\ntwo {n}\n" for n in (1, 2, 3))


def test_job_whose_tasks_cannot_be_added_ends_with_the_reason(
    run: Run, environment: Environment, project: Path, name: str
) -> None:
    file = project / f"{name}.yaml"
    file.write_text(file.read_text().replace("every: 1m", "every: 1m, start: 2100-01-01"))
    run("submit", f"{name}.yaml").check_returncode()
    with connected(environment) as services:
        delete_stored_tasks(services, name)
        at_once = {"schedule": {"recurrenceInterval": "PT1H"}}
        services.batch.update_job_schedule(name, models.BatchJobScheduleUpdateOptions(at_once))
        wait_until(lambda: [row.latest_state for row in schedules(services.batch) if row.id == name] == ["completed"])
        (job,) = details(services.batch, name).jobs
    assert job.reason == "TasksNotAdded: the stored tasks are not all there"
    watched = run("watch", f"{name}:job-1")
    assert watched.returncode == 1
    assert (
        "the job has ended: its tasks could not be added (the stored tasks are not all there)"
        in run("why", f"{name}:job-1").stdout
    )
    assert f"the schedule '{name}' makes the next one" in run("retry", f"{name}:job-1").stderr
    # The same file is another definition now, since its tasks are not stored any more.
    assert "the tasks stored for its jobs are gone" in run("submit", f"{name}.yaml").stderr
    assert "replaced" in run("submit", f"{name}.yaml", "--changed", "replace").stderr
    assert "already there" in run("submit", f"{name}.yaml").stderr


@pytest.mark.soak
def test_later_job_has_the_changed_definition_and_leaves_the_results_of_the_first(
    run: Run, project: Path, name: str
) -> None:
    file, results = f"{name}.yaml", project / "results"
    run("submit", file).check_returncode()
    run("watch", f"{name}:job-1").check_returncode()
    run("submit", file, "-p", "word=two", "--changed", "replace").check_returncode()
    began = time.monotonic()
    wait_until(lambda: rows(run, name)["latest_job"] == f"{name}:job-2", within=90, every=1)
    assert time.monotonic() - began < 75
    run("schedules", "pause", name).check_returncode()
    run("watch", f"{name}:job-2").check_returncode()
    for number, word in ((1, "one"), (2, "two")):
        run("fetch", f"{name}:job-{number}").check_returncode()
        text = (results / f"{name}.job-{number}" / "sum" / "sum" / "all.txt").read_text()
        assert text == "".join(f"price\n{word} {n}\n" for n in (1, 2, 3))
