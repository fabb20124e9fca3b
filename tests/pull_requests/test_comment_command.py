"""`shoal comment` on stacks of the embedded service."""

import json
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from shoal.service_status import Status
from tests.deploy.projects import Project
from tests.deploy.stacks import Stack, copied_stack

JOB = """\
job: {pool: spot, id: "work-{{ run }}"}
stages:
  - {name: simulate, for_each: {product: {n: {range: [1, 40]}}}, command: "true", packages: var}
  - {name: merge, after: simulate, command: "true"}
"""
DOUBTFUL = "$TargetLowPriorityNodes = max($PendingTasks.GetSample(1));"


@pytest.fixture
def stack(tmp_path: Path, service: Status, name: str) -> Iterator[Stack]:
    stack = copied_stack(Project(name="shoal", directory=tmp_path, status=service), name)
    (tmp_path / "work.yaml").write_text(JOB)
    stack.file.write_text(f"{stack.file.read_text()}  shoal:jobs: [{{file: work.yaml}}]\n")
    yield stack
    stack.take_down()


def comment(stack: Stack, *words: str) -> CompletedProcess[str]:
    return stack.project.shoal("comment", "-s", stack.name, *words)


def printed(stack: Stack, *words: str) -> str:
    done = comment(stack, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_comment_follows_a_stack_from_nothing_to_a_replaced_pool(stack: Stack) -> None:
    fresh = printed(stack, "--node-price", "0.05", "--currency", "EUR")
    assert fresh.startswith(f"<!-- shoal:{stack.name} -->\n")
    assert "**17 to be created**, 0 unchanged." in fresh
    assert "+ create  batch:Pool spot-pool\n" in fresh
    assert "| `work.yaml` | named when deployed | `spot` | 41 | 41 | new |" in fresh
    assert "| `spot` | 41 | **" in fresh
    assert " EUR |" in fresh
    assert stack.project.shoal("up", "-y", "-s", stack.name).returncode == 0
    deployed = json.loads(printed(stack, "--json"))
    assert (deployed["changes"], deployed["unchanged"], deployed["costs"]) == ([], 17, [])
    assert [job["missing"] for job in deployed["jobs"]] == [0]
    assert "| already there |" in deployed["markdown"]
    stack.configure(standard_d2s_v3="standard_d4s_v3")
    replaced = printed(stack)
    assert "! replace batch:Pool spot-pool  (~vmSize)\n" in replaced
    assert "> **Pool `spot` is replaced**" in replaced


def test_formula_that_the_linter_doubts_is_among_the_doubts(stack: Stack) -> None:
    text = stack.file.read_text()
    scaling = text[text.index("maxSpotNodes") : text.index("autoScaleEvaluationInterval")]
    stack.file.write_text(text.replace(scaling, f'autoScaleFormula: "{DOUBTFUL}"\n      '))
    found = printed(stack)
    assert "### Formula warnings\n\n`spot`\n\n```\nautoScaleFormula:1:" in found
    assert "warning: " in found


def test_failed_preview_leaves_a_comment_that_says_so(stack: Stack) -> None:
    stack.configure(**{"ubuntu-24.04": "ubuntu-1"})
    failed = comment(stack)
    assert failed.returncode == 1
    assert failed.stdout.startswith(f"<!-- shoal:{stack.name} -->\n")
    assert "**The preview failed.**" in failed.stdout
    assert "shoal:pools[0].image is ubuntu-1; it must be one of" in failed.stdout


def test_listed_job_that_cannot_be_submitted_fails_the_comment(stack: Stack) -> None:
    (stack.project.directory / "work.yaml").write_text(JOB.replace("pool: spot", "pool: sport"))
    failed = comment(stack)
    assert failed.returncode == 1
    assert "has no pool 'sport'" in failed.stdout
    assert "+ create  batch:Pool spot-pool\n" in failed.stdout


def test_texts_of_others_become_sections(stack: Stack) -> None:
    (stack.project.directory / "policies.txt").write_text("9 of 9 hold\n")
    assert "### Policies\n\n```\n9 of 9 hold\n```\n" in printed(stack, "--section", "Policies=policies.txt")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--task-duration", "soon"), "--task-duration: 'soon' is not a duration"),
        (("--task-duration", "0s"), "--task-duration is 0s; it must be at least a second"),
        (("--node-price", "cheap"), "--node-price cheap is not [POOL=]PRICE with a number like 0.05"),
        (
            ("--node-price", "0.2/x"),
            "--node-price 0.2/x is not [POOL=]PRICE with a number like 0.05, or [POOL=]DEDICATED/",
        ),
        (("--node-price", "spot=-1"), "--node-price spot=-1 is not [POOL=]PRICE"),
        (("--section", "Policies"), "--section Policies is not TITLE=FILE"),
        (("--section", "Policies=none.txt"), "--section Policies: none.txt cannot be read"),
        (("-s", "nowhere"), "stack nowhere has no Pulumi.nowhere.yaml"),
    ],
)
def test_bad_input_is_refused_without_a_comment(stack: Stack, words: tuple[str, ...], message: str) -> None:
    refused = comment(stack, *words)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert message in refused.stderr
