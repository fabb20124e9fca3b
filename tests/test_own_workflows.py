"""The workflows of this repository itself: they check and release the library, and deploy nothing."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.services import REPOSITORY
from tests.test_workflow_files import validated
from tests.workflows import read

WORKFLOWS = sorted((REPOSITORY / ".github" / "workflows").glob("*.yml"))
MAKEFILE = (REPOSITORY / "Makefile").read_text()


def commands(path: Path) -> list[str]:
    return [step["run"] for job in read(path)["jobs"].values() for step in job["steps"] if "run" in step]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflow_is_valid_may_do_little_and_stores_no_secret(path: Path) -> None:
    done = validated(path, ["vendor.github-workflows"])
    assert done.returncode == 0, done.stdout
    document = read(path)
    assert document["permissions"] == {}
    for name, job in document["jobs"].items():
        assert job["permissions"] == ({"id-token": "write"} if name == "publish" else {"contents": "read"})
        assert int(job["timeout-minutes"]) <= 60
    assert "secrets." not in path.read_text()
    assert [command for command in commands(path) if "${{" in command] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflow_deploys_nothing_and_calls_targets_that_there_are(path: Path) -> None:
    text = "\n".join(commands(path))
    assert not re.search(r"\b(pulumi|shoal|az) (up|down|deploy|submit|run|destroy)\b", text)
    targets = set(re.findall(r"\bmake ([\w-]+)", text))
    assert targets
    assert [target for target in targets if not re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)] == []


def test_release_is_of_a_tag_that_names_the_version_and_is_published_by_trust() -> None:
    release = read(REPOSITORY / ".github" / "workflows" / "release.yml")
    assert release["on"] == {"push": {"tags": ["v*"]}}
    version = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["version"]
    assert f'\nversion = "{version}"\n' in (REPOSITORY / "pyproject.toml").read_text()
    (publish,) = [job for job in release["jobs"].values() if "environment" in job]
    assert [step["uses"].split("@")[0] for step in publish["steps"]] == [
        "actions/download-artifact",
        "pypa/gh-action-pypi-publish",
    ]
