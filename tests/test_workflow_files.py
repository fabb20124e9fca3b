"""The files for GitHub Actions and Azure Pipelines are valid, hold no secret and may do little."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.services import TEMPLATE
from tests.workflows import AZURE, EXPRESSION, GITHUB, SETUP, azure_jobs, github_job, read

SCHEMAS = {
    **{path: ["vendor.github-workflows"] for path in GITHUB},
    SETUP: ["vendor.github-actions"],
    AZURE: ["vendor.azure-pipelines", "--regex-variant", "nonunicode"],
}
JOBS = [(path.stem, job) for path in GITHUB for job in read(path)["jobs"]]
EVERY_STEP = [step for steps in [*(github_job(*job) for job in JOBS), *azure_jobs().values()] for step in steps]


def validated(path: Path, schema: list[str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", *schema, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_file_is_valid_by_the_schema_of_its_system(path: Path, tmp_path: Path) -> None:
    done = validated(path, SCHEMAS[path])
    assert done.returncode == 0, done.stdout
    wrong = tmp_path / path.name
    wrong.write_text(re.sub(r"^(\s*)(- )?(uses|task): .*$", r"\1\2nonsense: 1", path.read_text(), flags=re.MULTILINE))
    assert validated(wrong, SCHEMAS[path]).returncode == 1


@pytest.mark.parametrize(("workflow", "job"), JOBS)
def test_github_job_may_do_no_more_than_it_needs(workflow: str, job: str) -> None:
    document = read(next(path for path in GITHUB if path.stem == workflow))
    comments = {"pull-requests": "write"} if job == "comment" else {}
    assert document["permissions"] == {}
    assert document["jobs"][job]["permissions"] == {"contents": "read", "id-token": "write", **comments}
    assert int(document["jobs"][job]["timeout-minutes"]) <= 60


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_nothing_secret_is_stored(path: Path) -> None:
    text = path.read_text()
    assert "secrets." not in text
    assert not re.search(r"(?i)password|client[-_]?secret|access_token: [^$]", text)


def test_code_of_others_is_used_in_a_version() -> None:
    used = {
        step["uses"]
        for steps in [
            read(SETUP)["runs"]["steps"],
            *(read(p)["jobs"][j]["steps"] for p in GITHUB for j in read(p)["jobs"]),
        ]
        for step in steps
        if "uses" in step
    }
    assert {name for name in used if not re.fullmatch(r"[\w-]+/[\w-]+@v\d+", name)} == {"./.github/actions/setup"}
    assert used


def test_values_from_outside_reach_scripts_as_variables_only() -> None:
    """A title of a pull request within a script would be run by it."""
    assert len(EVERY_STEP) > 20
    assert [step.name for step in EVERY_STEP if EXPRESSION.search(step.script) or "$(System" in step.script] == []


def test_pull_requests_of_forks_are_left_alone() -> None:
    for path in GITHUB:
        document = read(path)
        if "pull_request" in document["on"]:
            for job in document["jobs"].values():
                assert "github.event.pull_request.head.repo.full_name == github.repository" in job["if"]


@pytest.mark.parametrize("script", ["comment", "deploy", "drift", "preview_stack", "teardown"])
def test_script_without_the_address_of_the_state_says_which_variable_is_missing(script: str, tmp_path: Path) -> None:
    refused = subprocess.run(
        ["bash", str(TEMPLATE / "ci" / f"{script}.sh"), "7", "dev"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("PULUMI_BACKEND_URL is not set; ")


def test_stack_of_its_own_is_for_pull_requests_that_are_open() -> None:
    condition = read(TEMPLATE / ".github" / "workflows" / "preview.yml")["jobs"]["own-stack"]["if"]
    assert condition.startswith("github.event.pull_request.state == 'open' && ")
