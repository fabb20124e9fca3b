"""Completion as shells ask for it: by the variables of click's protocol, answered on stdout and never on stderr."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from shoal.environment import Environment, to_json
from shoal.service_status import Status
from tests.environments import environment_variables, shoal

Complete = Callable[..., list[str]]


def completed(folder: Path, words: tuple[str, ...], variables: dict[str, str]) -> list[str]:
    """The answers for the last of the words, asked as bash does."""
    done = subprocess.run(
        [sys.executable, "-c", "import sys; sys.argv[0] = 'shoal'; from shoal.cli import main; main()"],
        cwd=folder,
        env={
            **os.environ,
            **variables,
            "_SHOAL_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(["shoal", *words]),
            "COMP_CWORD": str(len(words)),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stderr == ""
    return [line.partition(",")[2] for line in done.stdout.splitlines() if line]


@pytest.fixture
def complete(service: Status, environment: Environment, tmp_path: Path) -> Complete:
    """Complete the last word after options that name the deployed stack."""
    (tmp_path / "environment.json").write_text(json.dumps(to_json(environment)))

    def ask(command: str, *words: str) -> list[str]:
        given = (command, "--environment", "environment.json", *words)
        # On a busy machine an answer may be later than a shell waits, and is empty then.
        answers: list[str] = []
        end = time.monotonic() + 60
        while not answers and time.monotonic() < end:
            answers = completed(tmp_path, given, environment_variables(service))
        return answers

    return ask


def test_jobs_tasks_pools_and_nodes_are_completed(
    complete: Complete, service: Status, name: str, tmp_path: Path
) -> None:
    (tmp_path / "job.yaml").write_text(
        "job: {pool: spot}\nstages: [{name: first, command: 'true'}, {name: second, command: 'true'}]\n"
    )
    shoal(
        service, tmp_path, "submit", "job.yaml", "--job", name, "--environment", "environment.json"
    ).check_returncode()
    assert complete("watch", name[:8]) == [name]
    assert complete("logs", name, "fi") == ["first"]
    assert complete("why", name, "") == ["first", "second"]
    assert complete("retry", name, "--task", "s") == ["second"]
    assert complete("retry", name, "--stage", "f") == ["first"]
    assert complete("fetch", name, "--stage", "") == ["first", "second"]
    assert complete("plan", "job.yaml", "--like", name[:8]) == [name]
    assert complete("nodes", "sp") == ["spot"]
    assert len(complete("nodes", "spot", "--reboot", "tvm")) == 2
    odd = ("watch", "--environment", "environment.json", "it's")
    assert completed(tmp_path, odd, environment_variables(service)) == []


def test_commands_and_stacks_are_completed_without_a_service(tmp_path: Path) -> None:
    nothing = {"SHOAL_STATE": str(tmp_path / "no-service")}
    assert completed(tmp_path, ("pac",), nothing) == ["packages"]
    project = tmp_path / "project"
    project.mkdir()
    (project / "Pulumi.yaml").write_text("name: demo\n")
    for stack in ("dev", "prod"):
        (project / f"Pulumi.{stack}.yaml").write_text("config: {}\n")
    assert completed(project, ("jobs", "-s", ""), nothing) == ["dev", "prod"]
    assert completed(tmp_path, ("-C", "project", "jobs", "--stack", "p"), nothing) == ["prod"]


def test_nothing_is_completed_without_a_service(tmp_path: Path, environment: Environment) -> None:
    (tmp_path / "environment.json").write_text(json.dumps(to_json(environment)))
    nothing = {"SHOAL_STATE": str(tmp_path / "no-service")}
    for words in (
        ("watch", ""),
        ("logs", "job", ""),
        ("nodes", ""),
        ("watch", "--environment", "environment.json", ""),
    ):
        assert completed(tmp_path, words, nothing) == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_script_for_each_shell_is_printed(shell: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import sys; sys.argv[0] = 'shoal'; from shoal.cli import main; main()"],
        env={**os.environ, "_SHOAL_COMPLETE": f"{shell}_source"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"_SHOAL_COMPLETE={shell}_complete" in done.stdout
