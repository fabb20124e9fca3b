"""`shoal run` and `watch` of a job whose second stage has a task for each file that the first one leaves."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import PIPE, Popen

import pytest

from shoal.connect import connected
from shoal.environment import Environment, to_json
from shoal.service_status import Status
from tests.environments import environment_variables, wait_for_job
from tests.environments import shoal as run_shoal

JOB = """\
parameters: {chunks: {type: int, default: 3}, code: {type: int, default: 0}}
job: {pool: spot}
stages:
  - name: split
    command: for i in $(seq {{ chunks }}); do echo "chunk $i" > part$i.ts; done; exit {{ code }}
    outputs: [{pattern: "*.ts"}]
  - name: encode
    for_each: {outputs: split, pattern: "*.ts"}
    command: tr a-z A-Z < {{ file }} > {{ file.stem }}.mkv
    inputs: [{stage: split, file: "{{ file }}"}]
    outputs: [{pattern: "*.mkv"}]
  - name: check
    after: {stage: encode, each: true}
    command: cat {{ job }}/encode/*/* > checked.txt
    inputs: [{stage: encode}]
    outputs: [{pattern: checked.txt}]
  - name: stitch
    after: check
    command: cat {{ job }}/check/*/checked.txt | sort > talk.txt
    inputs: [{stage: check}]
    outputs: [{pattern: talk.txt}]
"""


@pytest.fixture
def shoal(service: Status, environment: Environment, tmp_path: Path) -> Callable[..., tuple[int, str, str]]:
    (tmp_path / "job.yaml").write_text(JOB)
    (tmp_path / "environment.json").write_text(json.dumps(to_json(environment)))

    def call(*words: str) -> tuple[int, str, str]:
        done = run_shoal(service, tmp_path, *words, "--environment", str(tmp_path / "environment.json"))
        return done.returncode, done.stdout, done.stderr

    return call


def test_run_adds_the_tasks_of_the_files_and_goes_on_to_the_end(
    shoal: Callable[..., tuple[int, str, str]], name: str, tmp_path: Path
) -> None:
    code, printed, errors = shoal("run", "job.yaml", "--job", name)
    assert code == 0, errors
    assert f"{name}: 2 tasks added; encode, check, stitch later, by `shoal run` or another `shoal submit`" in printed
    assert f"{name}: 2 tasks already there, 7 added" in printed
    assert "9 succeeded, 0 failed (AllTasksComplete)" in printed
    assert (tmp_path / "results" / name / "stitch/stitch/talk.txt").read_text() == "CHUNK 1\nCHUNK 2\nCHUNK 3\n"


def test_watch_adds_the_tasks_of_the_files_where_the_job_file_is_gone(
    shoal: Callable[..., tuple[int, str, str]], name: str, tmp_path: Path
) -> None:
    waiting = JOB.replace("for i in", f"while [ ! -e {tmp_path}/go ]; do sleep 0.05; done; for i in")
    submission = ("submit", "job.yaml", "--job", name, "-p", "chunks=2")
    (tmp_path / "job.yaml").write_text(waiting)
    assert shoal(*submission)[0] == 0
    (tmp_path / "job.yaml").write_text(waiting.replace("| sort >", "| sort -r >"))  # the last submission counts
    assert shoal(*submission)[0] == 0
    (tmp_path / "job.yaml").unlink()
    (tmp_path / "go").touch()
    code, printed, errors = shoal("watch", name)
    assert code == 0, errors
    assert f"{name}: 2 tasks already there, 5 added" in errors
    assert "7 succeeded, 0 failed (AllTasksComplete)" in printed
    shoal("fetch", name)
    assert (tmp_path / "results" / name / "stitch/stitch/talk.txt").read_text() == "CHUNK 2\nCHUNK 1\n"


def test_job_gets_its_later_stages_while_another_one_that_is_watched_goes_on(
    service: Status,
    environment: Environment,
    shoal: Callable[..., tuple[int, str, str]],
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SHOAL_STATE", service.state_dir)
    early, late = f"{name}-early", f"{name}-late"
    assert shoal("submit", "job.yaml", "--job", early, "-p", "chunks=1")[0] == 0
    (tmp_path / "job.yaml").write_text(
        JOB.replace("for i in", f"while [ ! -e {tmp_path}/go ]; do sleep 0.1; done; for i in")
    )
    assert shoal("submit", "job.yaml", "--job", late, "-p", "chunks=1")[0] == 0
    words = [sys.executable, "-m", "shoal", "watch", early, late, "--environment", "environment.json"]
    with (
        connected(environment) as services,
        Popen(words, cwd=tmp_path, env=environment_variables(service), stdout=PIPE, text=True) as watching,
    ):
        try:
            wait_for_job(services, early)
            assert watching.poll() is None
        finally:
            (tmp_path / "go").touch()
        printed, _ = watching.communicate(timeout=60)
    assert watching.returncode == 0
    assert f"{late}: 5 succeeded, 0 failed (AllTasksComplete)" in printed


def test_watch_says_which_stages_are_to_be_added_and_a_second_run_goes_on(
    shoal: Callable[..., tuple[int, str, str]], name: str, tmp_path: Path
) -> None:
    # The manifest, by which watch adds tasks, has no secrets.
    (tmp_path / "job.yaml").write_text(JOB.replace("parameters: {", "parameters: {password: {default: hunter22}, "))
    assert shoal("submit", "job.yaml", "--job", name, "-p", "chunks=1")[0] == 0
    code, _, errors = shoal("watch", name)
    assert code == 1
    assert "get no tasks from here: the manifest has no secrets, such as the value of password\n" in errors
    assert "the tasks of encode, check, stitch are still to be added: submit the file again" in errors
    way_on = f"adds the tasks of encode, check, stitch and goes on; where it cannot, `shoal run FILE --job {name}` does"
    assert way_on in errors
    reason = shoal("why", name)[1]
    assert "all 2 tasks so far succeeded, and the tasks of encode, check, stitch are still to be added" in reason
    assert way_on in reason
    code, printed, _ = shoal("run", "job.yaml", "--job", name, "-p", "chunks=1")
    assert (code, "5 succeeded, 0 failed (AllTasksComplete)" in printed) == (0, True)


def test_failed_first_stage_ends_the_run_without_the_later_ones(
    shoal: Callable[..., tuple[int, str, str]], name: str
) -> None:
    code, _, errors = shoal("run", "job.yaml", "--job", name, "-p", "code=3")
    assert code == 1
    assert "1 of 2 tasks failed, 1 never ran, the tasks of encode, check, stitch are still to be added" in errors


def test_fan_out_over_the_files_of_a_fan_out_runs_to_the_end(
    shoal: Callable[..., tuple[int, str, str]], name: str, tmp_path: Path
) -> None:
    nested = JOB.replace("after: {stage: encode, each: true}", 'for_each: {outputs: encode, pattern: "*.mkv"}')
    (tmp_path / "job.yaml").write_text(nested)
    code, printed, errors = shoal("run", "job.yaml", "--job", name, "-p", "chunks=2")
    assert (code, errors) == (0, "")
    # split and two of encode with their barriers, two of check, and stitch.
    assert "8 succeeded, 0 failed (AllTasksComplete)" in printed
    assert len(list((tmp_path / "results" / name / "check").rglob("checked.txt"))) == 2


def test_correction_of_a_fan_out_stage_runs_its_tasks_and_loses_none(
    shoal: Callable[..., tuple[int, str, str]], name: str, tmp_path: Path
) -> None:
    (tmp_path / "job.yaml").write_text(JOB.replace("tr a-z", "no_such_command a-z"))
    assert shoal("run", "job.yaml", "--job", name)[0] == 1
    (tmp_path / "job.yaml").write_text(JOB)
    code, printed, errors = shoal("retry", name, "--with", "job.yaml")
    assert (code, printed) == (0, f"{name}\n"), errors
    assert "3 failed tasks run again" in errors
    assert "9 succeeded, 0 failed (AllTasksComplete)" in shoal("watch", name)[1]
    shoal("fetch", name)
    assert (tmp_path / "results" / name / "stitch/stitch/talk.txt").read_text() == "CHUNK 1\nCHUNK 2\nCHUNK 3\n"


def test_retried_first_stage_leaves_its_job_open_for_the_fan_out(
    shoal: Callable[..., tuple[int, str, str]], name: str, tmp_path: Path
) -> None:
    text = JOB.replace("exit {{ code }}", f"test -e {tmp_path}/mended")
    (tmp_path / "job.yaml").write_text(text)
    assert shoal("run", "job.yaml", "--job", name)[0] == 1
    assert shoal("cancel", name)[0] == 0
    (tmp_path / "mended").touch()
    assert shoal("retry", name)[1] == f"{name}-retry-1\n"
    code, _, errors = shoal("watch", f"{name}-retry-1")
    assert code == 1
    assert f"encode, check, stitch are still to be added: `shoal retry {name} --with FILE`" in errors
    code, printed, errors = shoal("retry", name, "--with", "job.yaml")
    assert (code, printed) == (0, f"{name}-retry-1\n"), errors
    assert "9 succeeded, 0 failed (AllTasksComplete)" in shoal("watch", f"{name}-retry-1")[1]


def test_watch_offers_no_submission_where_the_stage_left_no_file(
    shoal: Callable[..., tuple[int, str, str]], name: str
) -> None:
    assert shoal("submit", "job.yaml", "--job", name, "-p", "chunks=0")[0] == 0
    code, _, errors = shoal("watch", name)
    assert code == 1
    assert "left no file that matches '*.ts', so that 'encode' gets no task" in errors
    assert "shoal run FILE" not in errors


def test_tasks_that_join_a_continued_run_leave_its_job_open_for_the_fan_out(
    shoal: Callable[..., tuple[int, str, str]], name: str, tmp_path: Path
) -> None:
    mended = f"test -e {tmp_path}/mended"
    text = JOB.replace("exit {{ code }}", mended).replace(
        "  - name: encode", f"  - {{name: other, command: {mended}}}\n  - name: encode", 1
    )
    (tmp_path / "job.yaml").write_text(text)
    assert shoal("run", "job.yaml", "--job", name)[0] == 1
    assert shoal("cancel", name)[0] == 0
    (tmp_path / "mended").touch()
    again = f"{name}-retry-1"
    assert shoal("retry", name, "--task", "other")[1] == f"{again}\n"
    assert shoal("watch", again)[0] == 1
    assert shoal("retry", name)[1] == f"{again}\n"  # the job is open, and gets what was left out
    code, _, errors = shoal("watch", again)
    assert f"next: `shoal retry {name} --with FILE`, with the job's file, adds" in shoal("why", again)[1]
    assert (code, "0 of 3 tasks failed, 0 never ran, the tasks of encode" in errors) == (1, True), errors
    code, printed, errors = shoal("retry", name, "--with", "job.yaml")
    assert (code, printed) == (0, f"{again}\n"), errors
    assert "10 succeeded, 0 failed (AllTasksComplete)" in shoal("watch", again)[1]
