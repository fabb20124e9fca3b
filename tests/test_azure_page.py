"""docs/azure.md: its figures are what the simulator says, its commands exist."""

import itertools
import re
import shlex
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from shoal.cli import shoal as command
from tests.clone import ROOT

DOCS = ROOT / "docs"
PAGE = (DOCS / "azure.md").read_text()
CONSOLE = re.findall(r"^```console\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)


def test_figures_of_the_example_are_those_of_the_simulator(tmp_path: Path) -> None:
    (scenario,) = re.findall(r"^```yaml file=example.yaml\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
    (tmp_path / "example.yaml").write_text(scenario)
    (shown,) = [block for block in CONSOLE if "simulate" in block]
    commands = [line.removeprefix("$ shoal ") for line in shown.splitlines() if line.startswith("$ ")]
    printed = "".join(f"$ shoal {command}\n{shoal(command, tmp_path)}" for command in commands)
    assert printed == shown


def shoal(command: str, directory: Path) -> str:
    script = f"{sys.executable} -m shoal {command}"
    return subprocess.run(["sh", "-c", script], cwd=directory, capture_output=True, text=True, check=True).stdout


def test_commands_of_the_page_are_those_of_shoal() -> None:
    lines = [line for block in CONSOLE for line in block.splitlines() if line.startswith("$ .venv/bin/shoal ")]
    assert len(lines) == 5
    for line in lines:
        words = shlex.split(line)[2:]
        names = list(itertools.takewhile(lambda word: not word.startswith("-"), words))
        answer = CliRunner().invoke(command, [*names, "--help"])
        options = [word for word in words[1:] if word.startswith("-")]
        assert all(option in answer.output for option in options), line
