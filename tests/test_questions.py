"""The outputs that questions.md shows are those of its commands, run in the order of the page."""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from shoal.environment import Environment, to_json
from shoal.service_status import Status
from tests.clone import ROOT
from tests.code_blocks import blocks
from tests.environments import environment_variables
from tests.waiting import wait_until

PAGE = ROOT / "docs" / "questions.md"
JOB = "nightly"
SKIPPED = "…"
FAILS, MENDED = "-ne 3", "-ne 0"
MENDS = "shoal submit job.yaml"
"""The first command after the file has been corrected."""
WITHOUT_SERVICE = ("check",)


def shown_outputs() -> Iterator[tuple[str, list[str]]]:
    """Yield each command of the page that shows an output, with the lines of it."""
    for block in blocks(PAGE):
        if block.language != "console":
            continue
        for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
            command, *lines = part.splitlines()
            if lines:
                yield command, lines


def is_shown_rightly(shown: list[str], printed: list[str]) -> bool:
    """Return whether the lines are those that were printed; a line with an ellipsis stands for any number of lines."""
    if not shown:
        return not printed
    first, *rest = shown
    if first == SKIPPED:
        return any(is_shown_rightly(rest, printed[start:]) for start in range(len(printed) + 1))
    return bool(printed) and printed[0] == first and is_shown_rightly(rest, printed[1:])


@pytest.mark.parametrize(
    ("shown", "fits"),
    [(["a", "b"], True), (["a"], False), (["a", "…"], True), (["…", "b"], True), (["…"], True), (["b", "…"], False)],
)
def test_shown_lines_are_compared_in_order_and_an_ellipsis_skips_some(shown: list[str], fits: bool) -> None:
    assert is_shown_rightly(shown, ["a", "b"]) == fits


def test_every_question_has_a_section_with_a_command() -> None:
    text = PAGE.read_text()
    questions = re.findall(r"^\| \[(.+\?)\]\(#[\w-]+\) \| `shoal ", text, flags=re.MULTILINE)
    assert sorted(questions) == sorted(re.findall(r"^## (.+\?)$", text, flags=re.MULTILINE))


@pytest.mark.story
def test_commands_of_the_page_print_what_it_shows(
    service: Status, environment: Environment, name: str, tmp_path: Path
) -> None:
    (job_file,) = (block.text for block in blocks(PAGE) if block.language == "yaml")
    (tmp_path / "job.yaml").write_text(job_file.replace(f"id: {JOB}", f"id: {name}"))
    (tmp_path / "environment.json").write_text(json.dumps(to_json(environment)))
    wait_until(lambda: run(service, tmp_path, "shoal nodes spot --json").count('"idle"') == 2)
    for command, shown in shown_outputs():
        if command == MENDS:
            path = tmp_path / "job.yaml"
            path.write_text(path.read_text().replace(FAILS, MENDED))
        printed = run(service, tmp_path, command.replace(JOB, name)).replace(name, JOB)
        assert is_shown_rightly(shown, printed.rstrip("\n").splitlines()), f"$ {command}\n{printed}"


def run(service: Status, directory: Path, command: str) -> str:
    """Return what a terminal shows of a command."""
    words = shlex.split(command)[1:]
    place = [] if words[0] in WITHOUT_SERVICE else ["--environment", "environment.json"]
    return subprocess.run(
        [sys.executable, "-u", "-m", "shoal", *words, *place],
        cwd=directory,
        env=environment_variables(service),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    ).stdout
