"""A stack with a private network and monitoring, deployed to a service with Pulumi's engine."""

import pytest

from tests.deploy.stacks import Stack
from tests.deploy.test_network_stack import RESOURCES, SECTIONS
from tests.pulumi.conftest import PulumiProject

pytestmark = pytest.mark.pulumi


def test_stack_with_everything_on_is_made_once_is_no_drift_and_leaves_nothing(stack: Stack) -> None:
    stack.file.write_text(stack.file.read_text() + SECTIONS)
    assert f"{RESOURCES} created" in stack.up()
    assert f"No changes: all {RESOURCES} resources are as declared." in stack.up()
    project = stack.project
    assert isinstance(project, PulumiProject)
    refreshed = project.must_pulumi("refresh", "-y", "-s", stack.name, "--skip-preview")
    assert "updated" not in refreshed
    assert "deleted" not in refreshed
    down = project.shoal("down", "-y", "-s", stack.name)
    assert f"{RESOURCES} deleted" in down.stdout, down.stderr
