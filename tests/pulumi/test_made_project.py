"""A project that `shoal init` made, with Pulumi's engine: its scripts for CI and its policies."""

import re
from pathlib import Path

import pytest

from shoal.projects.new_project import make_project
from shoal.service_status import Status
from tests.pulumi.conftest import PulumiProject
from tests.services import REPOSITORY

pytestmark = pytest.mark.pulumi

OBJECT_ID = "11111111-2222-3333-4444-555555555555"


@pytest.fixture
def made(tmp_path: Path, service: Status, name: str, path: str) -> PulumiProject:
    """A project as `shoal init` makes it, on a machine where everything is installed."""
    directory = make_project(tmp_path / name).directory
    environment = directory / ".venv"
    environment.mkdir()
    for part in ("bin", "lib", "pyvenv.cfg"):
        (environment / part).symlink_to(REPOSITORY / ".venv" / part)
    (directory / "node_modules").mkdir()
    for folder in (environment, directory / "node_modules"):
        (folder / ".installed").touch()
    return PulumiProject(name=name, directory=directory, status=service, path=path)


def must(project: PulumiProject, script: str) -> str:
    done = project.in_local_shell("sh", "-c", script)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_scripts_for_ci_take_a_made_project_from_pull_request_to_teardown(made: PulumiProject) -> None:
    made.must_pulumi("stack", "init", "local")
    must(made, "ci/install.sh")
    must(made, "POLICY_LIMITS=policy/local.json ci/comment.sh local")
    comment = (made.directory / "comment.md").read_text()
    assert "**17 to be created**" in comment
    assert "✅ shoal@v0.1.0 (local: policy)" in comment
    assert "24 created" in must(made, "POLICY_LIMITS=policy/local.json ci/deploy.sh local && ci/submit.sh local")
    must(made, "ci/drift.sh local")
    must(made, "POLICY_LIMITS=policy/local.json ci/preview_stack.sh 7 local && ci/teardown.sh 7")
    assert "17 deleted" in made.shoal("down", "-y", "-s", "local").stdout


def test_stack_for_azure_takes_who_uploads_and_submits_and_keeps_the_mandatory_policies(made: PulumiProject) -> None:
    made.must_pulumi("stack", "init", "dev")
    az = made.directory / "bin" / "az"
    az.parent.mkdir()
    az.write_text(f"#!/bin/sh\necho {OBJECT_ID}\n")
    az.chmod(0o755)
    commented = re.findall(r"^  #   (.*)$", (made.directory / "Pulumi.dev.yaml").read_text(), re.MULTILINE)
    must(made, "\n".join(['PATH="$PWD/bin:$PATH"', *commented]))
    preview = made.must_pulumi("preview", "-s", "dev", "--policy-pack", "policy")
    assert f"{OBJECT_ID}-write-blobs-storage" in preview
    assert f"{OBJECT_ID}-submit-jobs-batch" in preview
    assert "[advisory]  budget-present" in preview
    assert "[mandatory]" not in preview
