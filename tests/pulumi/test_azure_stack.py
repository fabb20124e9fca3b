"""The Azure example stack by Pulumi's engine, as it goes to Azure but for the provider, which is the stand-in."""

import json
import shutil
import sys
from pathlib import Path

import pytest

from shoal.service_status import Status
from tests.deploy.stacks import Stack, copied_stack
from tests.pulumi.conftest import PulumiProject
from tests.services import REPOSITORY

pytestmark = pytest.mark.pulumi


@pytest.fixture
def azure(tmp_path: Path, service: Status, name: str, path: str) -> Stack:
    """`Pulumi.dev.yaml` as it stands, with accounts of its own."""
    stack = copied_stack(PulumiProject(name="shoal", directory=tmp_path, status=service, path=path), name)
    shutil.copy(REPOSITORY / "Pulumi.dev.yaml", stack.file)
    stack.configure(**{"maxSpotNodes: 10": "maxSpotNodes: 1"})
    return stack


def shoal(stack: Stack, *arguments: str) -> str:
    """Run a command that must succeed in a shell where the stand-in replaces azure-native."""
    assert isinstance(stack.project, PulumiProject)
    done = stack.project.in_local_shell(sys.executable, "-m", "shoal", *arguments, "-s", stack.name)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_azure_stack_is_previewed_deployed_read_and_deleted(azure: Stack) -> None:
    assert "17 to be created" in shoal(azure, "preview")
    assert "17 created" in shoal(azure, "up", "-y")
    assert "No changes: all 17 resources are as declared." in shoal(azure, "up", "-y")
    document = json.loads(shoal(azure, "outputs", "--json"))
    assert (document["authentication"], list(document["pools"]), list(document["packages"])) == (
        "entra",
        ["spot"],
        ["var"],
    )
    assert "17 deleted" in shoal(azure, "down", "-y")
