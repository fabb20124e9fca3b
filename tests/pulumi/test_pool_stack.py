"""Pools that have all that pools may have, deployed by Pulumi's engine."""

from pathlib import Path

import pytest

from tests.deploy.pools import FULL, configure_pools
from tests.deploy.stacks import Stack
from tests.pulumi.conftest import PulumiProject

pytestmark = pytest.mark.pulumi

PASSWORD = "shoal:pools[0].userAccounts[0].password"
UNCHANGED = "No changes: all 18 resources are as declared."


def test_pools_with_everything_are_made_with_a_password_that_no_file_tells(stack: Stack) -> None:
    project = stack.project
    assert isinstance(project, PulumiProject)
    configure_pools(stack, FULL.replace("password: hunter2, ", ""))
    assert f"{PASSWORD} is missing" in project.shoal("up", "-y", "-s", stack.name).stderr
    project.must_pulumi("config", "set", "--secret", "--path", PASSWORD, "hunter2", "-s", stack.name)
    made = stack.up()
    assert "18 created" in made
    assert UNCHANGED in stack.up()
    project.must_pulumi("refresh", "-y", "-s", stack.name)
    assert UNCHANGED in stack.up()
    kept = [stack.file, *(Path(project.status.state_dir) / "pulumi").rglob("*.json")]
    assert [file for file in kept if b"mountConfiguration" in file.read_bytes()]
    assert not [file for file in kept if b"hunter2" in file.read_bytes()]
    assert "hunter2" not in made
