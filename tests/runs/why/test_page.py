"""The page why.md has the rows of the code, and shows what the code prints."""

import re
from dataclasses import replace

import pytest

from shoal.runs.why.causes import CAUSES
from shoal.runs.why.decision import ROWS, findings
from shoal.runs.why.explanation import explanation
from tests.clone import ROOT
from tests.runs.why.test_decision import IN_HOURS, by_formula, evidence

PAGE = (ROOT / "docs" / "why.md").read_text()
ROW = re.compile(r"^\| `([\w-]+)` \| (.+?) \|$", re.MULTILINE)


@pytest.mark.parametrize(
    ("heading", "rows"),
    [
        ("What tasks wait for", [(row.code, row.situation) for row in ROWS]),
        ("Why tasks failed", [(cause.code, cause.situation) for cause in CAUSES]),
    ],
)
def test_tables_of_the_page_are_those_of_the_code(heading: str, rows: list[tuple[str, str]]) -> None:
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    assert ROW.findall(section) == rows


def test_codes_are_unique_for_scripts() -> None:
    codes = [*(row.code for row in ROWS), *(cause.code for cause in CAUSES)]
    assert len(set(codes)) == len(codes)


def test_first_example_of_the_page_is_what_is_printed() -> None:
    facts = evidence(**by_formula(IN_HOURS))
    shown = "\n".join(explanation(facts, findings(facts)))
    assert f"$ shoal why nightly\n{shown}\n```" in PAGE


def test_further_findings_follow_with_their_own_evidence_and_step() -> None:
    first, second = findings(evidence(waiting=1))[0], findings(evidence("disabled", waiting=1))[0]
    lines = list(explanation(evidence(), [replace(first, evidence=("a",)), second]))
    assert lines[0] == "job nightly: pool spot has free slots: its tasks start now"
    assert lines[1:5] == ["  a", "  next: wait some seconds", "", f"also: {second.sentence}"]
