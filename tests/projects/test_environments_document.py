"""docs/environments.md says what is."""

import os
import re
import subprocess
import sys
from pathlib import Path

from shoal.projects.new_project import make_project
from tests.services import REPOSITORY

TEXT = (REPOSITORY / "docs" / "environments.md").read_text()


def test_files_of_a_made_project_are_those_in_the_table(tmp_path: Path) -> None:
    table = TEXT[TEXT.index("| file | is |") : TEXT.index("The last part of the path")]
    cells = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    named = {name.rstrip("/") for cell in cells for name in re.findall(r"`([^`]+)`", cell)}
    made = make_project(tmp_path / "pricing")
    assert named == {file.split("/")[0] for file in made.files}


def test_command_that_lists_images_is_the_one_in_a_made_stack(tmp_path: Path) -> None:
    (command,) = re.findall(r"^\$ (az vm image list .*)$", TEXT, re.MULTILINE)
    assert command in (make_project(tmp_path / "pricing").directory / "Pulumi.dev.yaml").read_text()


def test_pin_that_is_shown_is_that_of_a_made_project(tmp_path: Path) -> None:
    directory = make_project(tmp_path / "pricing").directory
    (shown,) = [block for block in re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL) if "packages" in block]
    lines = [line.split("#")[0].rstrip() for line in (directory / "Pulumi.dev.yaml").read_text().splitlines()]
    assert shown.removeprefix("config:\n").strip() in "\n".join(lines)


def test_difference_that_is_shown_is_what_the_command_prints_in_a_made_project(tmp_path: Path) -> None:
    directory = make_project(tmp_path / "pricing").directory
    ((command, shown),) = re.findall(r"^\$ shoal (env diff .*)\n((?:.+\n)+?)```", TEXT, re.MULTILINE)
    done = subprocess.run(
        [sys.executable, "-m", "shoal", *command.split()],
        cwd=directory,
        env={**os.environ, "SHOAL_STATE": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, shown)
