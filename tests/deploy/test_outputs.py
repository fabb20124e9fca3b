import json
import shlex
from pathlib import Path

import pytest

from shoal.deploy.stack_outputs import environment_of
from shoal.environment import to_json
from shoal.errors import BadInput
from tests.test_environment import ENVIRONMENT


@pytest.fixture
def azure_project(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: shoal\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {shoal:service: azure}\n")
    return tmp_path


def install_pulumi(directory: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """A `pulumi` on the PATH that answers as the real one would."""
    command = directory / "bin" / "pulumi"
    command.parent.mkdir()
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{command.parent}:/usr/bin:/bin")


def test_azure_stack_is_asked_of_pulumi(azure_project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = shlex.quote(json.dumps(to_json(ENVIRONMENT)))
    arguments = '[ "$*" = "stack output --json --stack dev" ] && [ -f Pulumi.dev.yaml ]'
    install_pulumi(azure_project, monkeypatch, f"{arguments} && echo {answer}")
    below = azure_project / "jobs"
    below.mkdir()
    for directory in (azure_project, below):
        assert environment_of("dev", project_dir=directory) == ENVIRONMENT


def test_directory_outside_any_project_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"there is no Pulumi\.yaml in"):
        environment_of("dev", project_dir=tmp_path)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo no stack named dev >&2; exit 255", "failed for stack dev: no stack named dev"),
        ("echo {}", "stack dev is not deployed; run `pulumi up -s dev`"),
        ('echo \'{"project": "p"}\'', "the stack's outputs are not an environment document"),
    ],
)
def test_azure_stack_without_a_document_is_refused(
    azure_project: Path, monkeypatch: pytest.MonkeyPatch, script: str, message: str
) -> None:
    install_pulumi(azure_project, monkeypatch, script)
    with pytest.raises(BadInput) as refused:
        environment_of("dev", project_dir=azure_project)
    assert message in str(refused.value)


def test_azure_stack_without_pulumi_is_refused(azure_project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(azure_project))
    with pytest.raises(BadInput, match="its outputs need `pulumi` on the PATH"):
        environment_of("dev", project_dir=azure_project)
