"""The search for Azurite, and its installation."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from shoal.local import azurite
from tests.services import REPOSITORY


def with_azurite(folder: Path) -> Path:
    (folder / azurite.SCRIPT).parent.mkdir(parents=True)
    (folder / azurite.SCRIPT).touch()
    return folder


def test_setting_comes_before_the_project_and_the_project_before_the_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, chosen = with_azurite(tmp_path / "project"), with_azurite(tmp_path / "chosen")
    directory = with_azurite(project / "deep" / "in")
    assert azurite.find_azurite(directory) == directory
    (project / "Pulumi.yaml").touch()
    assert azurite.find_azurite(directory) == project
    monkeypatch.setenv("SHOAL_AZURITE", str(chosen))
    assert azurite.find_azurite(directory) == chosen


def test_package_is_looked_at_where_neither_project_nor_directory_has_it(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").touch()
    assert azurite.find_azurite(tmp_path) == REPOSITORY


def test_setting_without_azurite_is_an_error_and_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOAL_AZURITE", str(tmp_path))
    with pytest.raises(azurite.AzuriteMissing, match="and there is no node_modules/azurite/"):
        azurite.find_azurite(with_azurite(tmp_path / "project"))


def test_version_is_the_one_that_the_lock_file_pins() -> None:
    lock = json.loads((REPOSITORY / "package-lock.json").read_text())
    assert lock["packages"]["node_modules/azurite"]["version"] == azurite.VERSION


def test_failing_npm_shows_its_own_last_lines_and_leaves_nothing(tmp_path: Path) -> None:
    """npm refuses a package.json that its lock file does not fit."""
    (tmp_path / "package.json").write_text('{"name": "x", "dependencies": {"azurite": "1.0.0"}}')
    (tmp_path / "package-lock.json").write_text('{"name": "x", "lockfileVersion": 3, "packages": {}}')
    command = [sys.executable, "-m", "shoal", "local", "install", "--directory", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
    assert done.returncode == 1
    assert f"npm could not install Azurite into {tmp_path} (exit code 1); it ended with:" in done.stderr
    assert "npm error" in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["package-lock.json", "package.json"]
