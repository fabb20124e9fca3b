"""The formulas, commands, figures and pictures of docs/autoscale.md are true."""

import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import search_formulas
import yaml

from shoal.autoscale.documents import formulas_in
from shoal.autoscale.lint import RULES
from shoal.autoscale.review import ERRORS, review, shown
from shoal.autoscale.scenarios import SCENARIOS, formula
from shoal.autoscale.simulation.description import described
from shoal.autoscale.types import FUNCTIONS, METHODS
from shoal.autoscale.variables import OPTIONS, SERVICE_VARIABLES, TIME_CONSTANTS
from tests.autoscale.builders import value
from tests.autoscale.pictures import FOLDER, STORIES, TUTORIAL, picture

PAGE = (Path(__file__).parents[2] / "docs" / "autoscale.md").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Block:
    words: tuple[str, ...]
    """Words behind the fence: the language, then the purpose of the block."""
    text: str
    line: int

    @property
    def file(self) -> str | None:
        return next((word.removeprefix("file=") for word in self.words if word.startswith("file=")), None)


BLOCKS = [
    Block(tuple(match[1].split()), match[2], PAGE[: match.start()].count("\n") + 1)
    for match in re.finditer(r"^```(\S.*)\n((?:.*\n)*?)```$", PAGE, re.MULTILINE)
]


def blocks(*words: str) -> list[Block]:
    return [block for block in BLOCKS if block.words[: len(words)] == words]


def name(block: Block) -> str:
    return f"line-{block.line}"


def findings(block: Block) -> list[str]:
    if block.words[0] == "yaml":
        (one,) = formulas_in(block.text)
        return [finding.rule for finding in review(one.text, fixed_too=one.fixed_too)]
    return [finding.rule for finding in review(block.text)]


@pytest.mark.parametrize("block", [*blocks("autoscale", "good"), *blocks("yaml", "good")], ids=name)
def test_good_example_is_left_alone(block: Block) -> None:
    assert findings(block) == []


@pytest.mark.parametrize("block", [*blocks("autoscale", "bad"), *blocks("yaml", "bad")], ids=name)
def test_bad_example_shows_its_rule(block: Block) -> None:
    assert block.words[2] in findings(block)


@pytest.mark.parametrize("block", [*blocks("autoscale")], ids=name)
def test_formula_is_valid_unless_it_is_marked_refused(block: Block) -> None:
    refused = {finding.rule for finding in review(block.text)} & set(ERRORS)
    assert bool(refused) == ("refused" in block.words)


@pytest.mark.parametrize("block", blocks("autoscale", "refused"), ids=name)
def test_refused_formula_is_answered_as_shown(block: Block) -> None:
    answer = BLOCKS[BLOCKS.index(block) + 1]
    assert answer.words == ("text",)
    assert "".join(f"{shown(finding, block.text, 'formula')}\n" for finding in review(block.text)) == answer.text


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_its_reason_a_bad_and_a_good_example(rule: str) -> None:
    section = PAGE.partition(f"\n### `{rule}`\n")[2].partition("\n#")[0]
    assert " ".join(RULES[rule].why.split()) in " ".join(section.split())
    assert f" bad {rule}\n" in section
    assert " good\n" in section


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_scenario_is_shown_as_it_is_built_with_its_chart(scenario: str) -> None:
    (block,) = blocks("autoscale", "scenario", scenario)
    assert block.text == formula(SCENARIOS[scenario]())
    assert f"(images/autoscale/{scenario}.svg)" in PAGE


@pytest.mark.parametrize("story", STORIES)
def test_chart_is_current_and_shown(story: str) -> None:
    drawn = (FOLDER / f"{story}.svg").read_text(encoding="utf-8")
    assert drawn == picture(story), "draw them again: python -m tests.autoscale.pictures"
    assert f"(images/autoscale/{story}.svg)" in PAGE


@pytest.mark.parametrize(("expression", "expected"), re.findall(r"^\| `([^`]+)` \| `([^`]+)` \|$", PAGE, re.MULTILINE))
def test_expression_has_the_documented_value(expression: str, expected: str) -> None:
    assert value(expression) == expected


def test_every_name_of_the_language_is_documented() -> None:
    known = [*FUNCTIONS, *METHODS, *OPTIONS, *SERVICE_VARIABLES, *TIME_CONSTANTS]
    assert [word for word in known if not re.search(rf"{re.escape(word)}\b", PAGE)] == []


@pytest.mark.parametrize("block", blocks("yaml", "story"), ids=name)
def test_description_of_a_simulation_is_valid(block: Block) -> None:
    assert described(yaml.safe_load(block.text)).pool.task_slots_per_node == 4


@pytest.mark.parametrize("block", blocks("python"), ids=name)
def test_program_runs(block: Block) -> None:
    subprocess.run([sys.executable, "-c", block.text], check=True, timeout=60)


def test_commands_answer_as_shown(tmp_path: Path) -> None:
    for block in BLOCKS:
        if block.file:
            (tmp_path / block.file).write_text(block.text)
    for block in blocks("console"):
        for command, answer in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block.text, re.MULTILINE):
            assert ran(command, tmp_path) == answer, command


def ran(command: str, folder: Path) -> str:
    words = shlex.split(command)
    target = words[words.index(">") + 1] if ">" in words else None
    words = words[: words.index(">")] if target else words
    assert words[0] == "shoal"
    done = subprocess.run(
        [sys.executable, "-m", "shoal", *words[1:]], capture_output=True, text=True, cwd=folder, check=False, timeout=60
    )
    assert done.stderr == ""
    if target:
        (folder / target).write_text(done.stdout)
        return ""
    return done.stdout


def test_formulas_are_compared_as_in_the_simulator_and_the_default_is_never_worse_than_the_tutorial() -> None:
    assert f"<!-- formulas -->\n{search_formulas.table()}<!-- /formulas -->" in PAGE
    assert "(images/autoscale/frontier.svg)" in PAGE
    assert search_formulas.frontier() == search_formulas.CHART.read_text(encoding="utf-8")
    shares = [[float(cell.partition("%")[0]) for cell in re.findall(r"[+-][0-9]+%", row)] for row in _compared(PAGE)]
    assert len(shares) == len(search_formulas.SITUATIONS) + 1
    assert all(max(economy, balanced, fast) <= tutorial for tutorial, _, economy, balanced, fast in shares)


def _compared(page: str) -> list[str]:
    return page.partition("<!-- formulas -->\n")[2].partition("<!-- /formulas -->")[0].splitlines()[2:]


def test_tutorial_formula_of_the_page_is_the_one_in_the_picture() -> None:
    (block,) = [block for block in BLOCKS if block.file == "tutorial.txt"]
    assert block.text == TUTORIAL.lstrip()
