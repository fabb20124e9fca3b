"""Starting a command where something is missing."""

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
