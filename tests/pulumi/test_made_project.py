"""A project that `shoal init` made, with Pulumi's engine: its scripts for CI and its policies."""

from pathlib import Path

import pytest

from shoal.deploy.new_project import make_project
from shoal.local.status import Status
from tests.pulumi.conftest import PulumiProject
from tests.services import REPOSITORY

pytestmark = pytest.mark.pulumi


@pytest.fixture
def made(tmp_path: Path, service: Status, name: str, path: str) -> PulumiProject:
    """On a machine where everything is installed."""
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
    assert "23 created" in must(made, "POLICY_LIMITS=policy/local.json ci/deploy.sh local && ci/submit.sh local")
    must(made, "ci/drift.sh local")
    must(made, "POLICY_LIMITS=policy/local.json ci/preview_stack.sh 7 local && ci/teardown.sh 7")
    assert "17 deleted" in made.shoal("down", "-y", "-s", "local").stdout


def test_stack_for_azure_keeps_the_policies_that_are_mandatory(made: PulumiProject) -> None:
    made.must_pulumi("stack", "init", "dev")
    told = made.must_pulumi("preview", "-s", "dev", "--policy-pack", "policy")
    assert "[advisory]  budget-present" in told
    assert "[mandatory]" not in told
