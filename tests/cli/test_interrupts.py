"""Ctrl-C: what is left running, and the command that goes on."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from azure.core.exceptions import ResourceNotFoundError

from shoal.cli import interrupts
from shoal.connect import connected
from shoal.environment import Environment, to_json
from shoal.service_status import Status
from tests.environments import environment_variables, shoal
from tests.jobs.builders import bound, one_stage
from tests.waiting import wait_until

JOB = """\
job: {pool: spot, id: "job-{{ run }}"}
stages: [{name: long, for_each: {product: {n: {range: [1, 50000]}}}, command: "sleep {{ n }}"}]
"""


def test_interrupted_submission_names_the_command_that_adds_the_rest(
    service: Status, environment: Environment, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOAL_STATE", service.state_dir)
    (tmp_path / "job.yaml").write_text(JOB)
    (tmp_path / "environment.json").write_text(json.dumps(to_json(environment)))
    words = ("submit", "job.yaml", "--environment", "environment.json", "-p", f"run={name}")
    with connected(environment) as services:
        submission = subprocess.Popen(
            [sys.executable, "-m", "shoal", *words],
            cwd=tmp_path,
            env=environment_variables(service),
            stderr=subprocess.PIPE,
            text=True,
        )

        def is_begun() -> bool:
            try:
                return services.batch.get_job_task_counts(f"job-{name}").task_counts.active > 0
            except ResourceNotFoundError:
                return False

        wait_until(is_begun)
        os.kill(submission.pid, signal.SIGINT)
        _, errors = submission.communicate(timeout=120)
    assert submission.returncode == 130
    assert [line for line in errors.splitlines() if line] == [
        f"the tasks of job job-{name} that were added run on; `shoal {' '.join(words)}` adds the rest",
        "interrupted",
    ]
    shoal(service, tmp_path, "rm", "-y", f"job-{name}", "--environment", "environment.json").check_returncode()


def test_run_without_a_given_name_gets_it_in_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["shoal", "run", "my job.yaml"])
    job = bound(tmp_path, one_stage("command: 'true'"))
    with pytest.raises(KeyboardInterrupt), interrupts.submitting(job):
        raise KeyboardInterrupt
    assert capsys.readouterr().err == (
        "\nthe tasks of job job-r1 that were added run on; `shoal run 'my job.yaml' -p run=r1` adds the rest\n"
    )


def test_jobs_of_a_stack_that_were_submitted_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    submitted: list[str] = []
    left = interrupts.submitting_listed(submitted)
    submitted += ["nightly-1", "nightly-2"]
    with pytest.raises(KeyboardInterrupt), left:
        raise KeyboardInterrupt
    message = "the submitted jobs run on: nightly-1, nightly-2; `shoal submit --listed` goes on"
    assert capsys.readouterr().err == f"\n{message}\n"


@pytest.mark.parametrize(
    ("left", "message"),
    [
        (interrupts.before_submission, "nothing was submitted; `shoal word -y` submits it"),
        (lambda: interrupts.submitting_schedule("n"), "schedule n is not there yet, or is whole; `shoal word -y` adds"),
        (
            lambda: interrupts.probing("n-probe"),
            "if `shoal jobs` lists n-probe, its tasks run on, and",
        ),
        (
            lambda: interrupts.deploying("dev"),
            "stack dev may be deployed in part, and what is deployed stays; `shoal",
        ),
        (lambda: interrupts.destroying("dev"), "stack dev may be deleted in part, and what is left stays; `shoal word"),
        (lambda: interrupts.removing("job n"), "job n may be deleted in part; `shoal word -y` deletes the rest"),
    ],
)
def test_every_interrupted_change_says_what_is_left_and_what_goes_on(
    left: Callable[[], AbstractContextManager[None]],
    message: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "argv", ["shoal", "word", "-y"])
    with pytest.raises(KeyboardInterrupt), left():
        raise KeyboardInterrupt
    assert message in capsys.readouterr().err


def test_interrupted_fetch_and_retry_go_on_when_they_are_called_again(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["shoal", "retry", "nightly", "-s", "dev"])
    for left in (interrupts.fetching("nightly"), interrupts.retrying("nightly")):
        with pytest.raises(KeyboardInterrupt), left:
            raise KeyboardInterrupt
    fetching, retrying = capsys.readouterr().err.strip().split("\n\n")
    assert fetching.endswith("`shoal fetch nightly` fetches the others")
    assert retrying.endswith("`shoal retry nightly -s dev` goes on")
