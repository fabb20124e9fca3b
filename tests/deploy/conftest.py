from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.mgmt.batch import BatchManagementClient

from shoal.service_status import Status
from tests.arm import management_client
from tests.deploy.projects import Project
from tests.deploy.stacks import Stack, copied_stack


@pytest.fixture
def project(tmp_path: Path, service: Status, name: str) -> Project:
    (tmp_path / "Pulumi.yaml").write_text(f"name: {name}\nruntime: python\nconfig:\n  size: small\n")
    (tmp_path / "Pulumi.local.yaml").write_text(f"config:\n  {name}:service: embedded\n")
    return Project(name=name, directory=tmp_path, status=service)


@pytest.fixture
def stack(tmp_path: Path, service: Status, name: str) -> Iterator[Stack]:
    """A stack of the repository's program, deployed by the embedded engine and taken down at the end."""
    stack = copied_stack(Project(name="shoal", directory=tmp_path, status=service), name)
    yield stack
    stack.take_down()


@pytest.fixture
def management(service: Status) -> Iterator[BatchManagementClient]:
    with management_client(service) as client:
        yield client
