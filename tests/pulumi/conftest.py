"""Projects that Pulumi's own engine deploys: the `pulumi` on the PATH, else the one that `make pulumi-cli` built."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from azure.mgmt.batch import BatchManagementClient

from shoal.service_status import Status
from tests.arm import management_client
from tests.deploy.projects import Project
from tests.deploy.stacks import Stack, copied_stack
from tests.services import REPOSITORY

BUILT = REPOSITORY / "build" / "bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class PulumiProject(Project):
    engine: str = ""

    def pulumi(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `pulumi` as a user does, in a shell that knows the embedded service."""
        return self.pulumi_without("", *arguments)

    def pulumi_without(self, variable: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `pulumi` in such a shell without one variable."""
        return self.in_local_shell("pulumi", *arguments, without=variable)

    def in_local_shell(self, *command: str, without: str = "") -> subprocess.CompletedProcess[str]:
        script = f'eval "$({sys.executable} -m shoal local env)" && unset {without} && exec "$@"'
        return subprocess.run(
            ["sh", "-c", script, "sh", *command],
            cwd=self.directory,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def must_pulumi(self, *arguments: str) -> str:
        """Run `pulumi`, which must succeed, and return its output."""
        done = self.pulumi(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="session")
def path() -> str:
    """A PATH with `pulumi` on it."""
    found = os.environ["PATH"]
    if shutil.which("pulumi") is None and (BUILT / "pulumi").exists():
        found = f"{BUILT}{os.pathsep}{found}"
    if shutil.which("pulumi", path=found) is None:
        pytest.skip("there is no `pulumi`; `make pulumi-cli` builds one where there is Go")
    return found


@pytest.fixture
def project(tmp_path: Path, service: Status, name: str, path: str) -> PulumiProject:
    (tmp_path / "Pulumi.yaml").write_text(f"name: {name}\nruntime: python\nconfig:\n  size: small\n")
    (tmp_path / "Pulumi.local.yaml").write_text(f"config:\n  {name}:service: embedded\n")
    return PulumiProject(name=name, directory=tmp_path, status=service, path=path)


@pytest.fixture
def stack(tmp_path: Path, service: Status, name: str, path: str) -> Iterator[Stack]:
    stack = copied_stack(PulumiProject(name="shoal", directory=tmp_path, status=service, path=path), name)
    yield stack
    stack.project.shoal("down", "-y", "-s", name)


@pytest.fixture
def management(service: Status) -> Iterator[BatchManagementClient]:
    with management_client(service) as client:
        yield client
