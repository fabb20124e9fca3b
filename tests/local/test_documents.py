"""docs/local.md and docs/fidelity.md agree with the code."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from shoal.local.api import container_settings, definitions, multi_instance_settings, operations
from shoal.local.api.dispatch import HANDLERS
from shoal.service_status import Status
from tests.services import REPOSITORY

LOCAL = (REPOSITORY / "docs" / "local.md").read_text()
FIDELITY = (REPOSITORY / "docs" / "fidelity.md").read_text()
_, NOT_THERE = FIDELITY.split("## Not there")
OPERATIONS, PROPERTIES = NOT_THERE.split("Properties, refused")


def names(text: str) -> set[str]:
    return set(re.findall(r"`([A-Za-z_]+)`", text))


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", LOCAL, re.DOTALL)


def test_list_of_operations_that_are_not_there_is_exact() -> None:
    known = {line.split()[0] for line in (operations.TABLE + operations.RETIRED).split("\n") if line}
    assert names(OPERATIONS) == known - set(HANDLERS)


def test_list_of_properties_that_are_not_there_is_exact() -> None:
    refused = {
        *definitions.MACHINE_NOT_THERE,
        multi_instance_settings.NAME,
        "registry",
        container_settings.PASSWORD,
    }
    parts_of_the_text = {"virtualMachineConfiguration", "containerSettings"}
    assert names(PROPERTIES) == refused | parts_of_the_text


def test_example_of_a_client_runs_as_it_stands(service: Status) -> None:
    (example,) = blocks("python")
    environment = {
        **os.environ,
        "AZURE_BATCH_ACCOUNT": service.account,
        "AZURE_BATCH_ENDPOINT": service.batch_endpoint,
        "AZURE_BATCH_ACCESS_KEY": service.key,
    }
    done = subprocess.run(
        [sys.executable, "-c", example], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (0, "328350\n"), done.stderr


def test_commands_run_as_they_stand(tmp_path: Path) -> None:
    starting, chaos = ([line.removeprefix("$ ") for line in block.splitlines()] for block in blocks("console"))
    script = "\n".join(["set -e", *starting[:-1], 'test -n "$AZURE_BATCH_ENDPOINT"', *chaos, starting[-1]])
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["/bin/sh", "-c", script],
        env={**os.environ, "SHOAL_STATE": str(tmp_path), "PATH": path},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("stopped\n")


def test_state_directory_is_described_whole(service: Status) -> None:
    there = {entry.name for entry in Path(service.state_dir).iterdir()}
    described = set(re.findall(r"`([a-z._]+)/?", LOCAL.split("## Where things lie")[1].split("## What survives")[0]))
    own = {name for name in there if not name.startswith("batch.db-")}
    assert own <= described


@pytest.mark.parametrize("document", ["local.md", "fidelity.md"])
def test_links_lead_to_documents(document: str) -> None:
    text = (REPOSITORY / "docs" / document).read_text()
    for target in re.findall(r"\]\(([a-z./]+)\)", text):
        assert (REPOSITORY / "docs" / target).exists()
