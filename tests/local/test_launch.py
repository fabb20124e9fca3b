"""Starting a command where something is missing."""

import os
import shutil
from pathlib import Path

import pytest

from shoal.local.node.directories import TaskDirectory
from shoal.local.node.failure_info import TaskFault
from shoal.local.node.launch import launch


def test_launch_in_a_directory_that_is_gone_names_the_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    directory = TaskDirectory(tmp_path / "task")
    directory.make()
    shutil.rmtree(directory.working)
    with pytest.raises(TaskFault, match=f"directory {directory.working} is gone") as fault:
        launch("true", {"PATH": "/usr/bin:/bin"}, directory)
    assert fault.value.info["code"] == "CommandLaunchFailed"


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TaskDirectory:
    monkeypatch.chdir(tmp_path)
    made = TaskDirectory(tmp_path / "task")
    made.make()
    return made


def output(command_line: str, directory: TaskDirectory, *, path: str = "/usr/bin:/bin") -> str:
    """Return what a command writes, once it has ended."""
    os.waitpid(launch(command_line, {"PATH": path}, directory), 0)
    return (directory.path / "stdout.txt").read_text()


@pytest.mark.parametrize(
    ("command_line", "written"),
    [
        ("echo a  b", "a b\n"),
        ("echo 'a  b' \"c d\"", "a  b c d\n"),
        ("echo a\\ b", "a b\n"),
        ("echo\ta\nb", "a b\n"),
        ("echo a\u00a0b", "a\u00a0b\n"),
    ],
)
def test_words_of_a_command_line_are_those_of_a_shell(
    directory: TaskDirectory, command_line: str, written: str
) -> None:
    assert output(command_line, directory) == written


def test_a_program_is_the_first_file_of_the_path_that_can_be_run(directory: TaskDirectory, tmp_path: Path) -> None:
    for name, mode in (("data", 0o644), ("first", 0o755), ("second", 0o755)):
        (tmp_path / name).mkdir()
        program = tmp_path / name / "program"
        program.write_text(f"#!/bin/sh\necho {name}\n")
        program.chmod(mode)
    (tmp_path / "folder" / "program").mkdir(parents=True)
    folders = ("missing", "folder", "data", "first", "second")
    assert output("program", directory, path=":".join(str(tmp_path / name) for name in folders)) == "first\n"


@pytest.mark.parametrize("command_line", ["there-is-no-such-program", "echo 'open", "./wd"])
def test_outputs_are_there_where_nothing_could_be_started(directory: TaskDirectory, command_line: str) -> None:
    with pytest.raises(TaskFault):
        launch(command_line, {"PATH": "/usr/bin:/bin"}, directory)
    assert sorted(path.name for path in directory.path.iterdir()) == ["stderr.txt", "stdout.txt", "wd"]
