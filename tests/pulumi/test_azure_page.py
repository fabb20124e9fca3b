"""The way of docs/azure.md with Pulumi's engine, as written; where Azure would answer, the stand-in does."""

import re
import shutil

import pytest

from tests.pulumi.conftest import PulumiProject
from tests.services import REPOSITORY

pytestmark = pytest.mark.pulumi

PAGE = (REPOSITORY / "docs" / "azure.md").read_text()
OBJECT_ID = "11111111-2222-3333-4444-555555555555"
SOMEBODY = f"#!/bin/sh\necho {OBJECT_ID}\n"
"""The Azure CLI, which on the page answers one question: who is logged in."""
UNASKED = {
    "preview": " --non-interactive",
    "up": " --yes --skip-preview",
    "destroy": " --yes --skip-preview",
    "stack rm": " --yes",
}


def commands() -> list[str]:
    """Those that go to Pulumi; where its state is kept is said by the shell that knows the service."""
    found = re.findall(r"^\$ ((?:pulumi|me=|for list in).*)$", PAGE, flags=re.MULTILINE)
    return [_unasked(command) for command in found if command != "pulumi login"]


def _unasked(command: str) -> str:
    return command + next((flags for name, flags in UNASKED.items() if command.startswith(f"pulumi {name}")), "")


def test_commands_of_the_page_take_the_example_stack_from_nothing_to_nothing(project: PulumiProject) -> None:
    for name in ("Pulumi.yaml", "Pulumi.dev.yaml", "__main__.py"):
        shutil.copy(REPOSITORY / name, project.directory)
    shutil.copytree(REPOSITORY / "examples" / "var" / "app", project.directory / "examples" / "var" / "app")
    az = project.directory / "bin" / "az"
    az.parent.mkdir()
    az.write_text(SOMEBODY)
    az.chmod(0o755)
    script = "\n".join(["set -eu", 'PATH="$PWD/bin:$PATH"', *commands()])
    done = project.in_local_shell("bash", "-c", script)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{OBJECT_ID}-write-blobs-storage" in done.stdout
    assert f"{OBJECT_ID}-submit-jobs-batch" in done.stdout
    assert re.findall(r"    [+-] (\d+ (?:to create|created|deleted))", done.stdout) == [
        "31 to create",
        "31 created",
        "31 deleted",
    ]
