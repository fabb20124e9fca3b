"""The README: its commands run as written, in their order, in a copy of the repository; what it shows is so."""

import json
import re
from pathlib import Path

import pytest

from tests.clone import ROOT, Clone, clone
from tests.processes import processes_naming
from tests.waiting import wait_until

README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.story
@pytest.mark.xdist_group("heavy")
def test_commands_of_the_readme_run_as_written(tmp_path: Path) -> None:
    copy = clone(tmp_path)
    try:
        answer = copy.run("bash", "-c", "\n".join(["set -eux", *blocks("sh")]))
        assert answer.returncode == 0, answer.stdout[-4_000:] + answer.stderr[-4_000:]
        seen = re.findall(r"^nodes: (.*)$|^(pre-empted) ", answer.stdout, flags=re.MULTILINE)
        assert ["".join(found) for found in seen] == ["none", "running, running, running", "pre-empted", "none"]
        (chart,) = (copy.path / "results" / "var").rglob("var.svg")
        assert chart.read_text() == (ROOT / "docs" / "images" / "var.svg").read_text()
    finally:
        copy.shoal("local", "stop")
    wait_until(lambda: not processes_naming(str(tmp_path)))


@pytest.mark.story
@pytest.mark.xdist_group("heavy")
def test_job_file_of_the_readme_runs_the_tasks_of_the_example(tmp_path: Path) -> None:
    copy = clone(tmp_path)
    (shown,) = blocks("yaml")
    (copy.path / "examples" / "var" / "shown.yaml").write_text(shown)
    try:
        assert copy.shoal("local", "start", "--port", "0").returncode == 0
        assert copy.shoal("up", "-s", "local", "-y").returncode == 0
        assert rendered(copy, "shown.yaml") == rendered(copy, "job.yaml")
    finally:
        copy.shoal("local", "stop")


def rendered(copy: Clone, name: str) -> dict[str, str]:
    """The command line of each task."""
    answer = copy.shoal("render", f"examples/var/{name}", "-s", "local", "--job", "var")
    assert answer.returncode == 0, answer.stderr
    tasks = [json.loads(line) for line in answer.stdout.splitlines()]
    return {task["id"]: task["commandLine"] for task in tasks}
