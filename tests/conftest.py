"""One embedded service for each worker of the suite; tests keep apart by the ids of what they make."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.batch import BatchClient

from shoal.environment import Environment
from shoal.service_status import Status
from tests.environments import deploy
from tests.services import batch_client, running_service


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Status]:
    with running_service(tmp_path_factory.mktemp("service")) as status:
        yield status


@pytest.fixture(scope="session")
def client(service: Status) -> Iterator[BatchClient]:
    with batch_client(service) as client:
        yield client


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of the stack that `environment` deploys."""
    return tmp_path_factory.mktemp("project")


@pytest.fixture(scope="session")
def environment(service: Status, project: Path) -> Environment:
    return deploy(service, project)


@pytest.fixture
def name() -> str:
    """An id that no other test uses."""
    return f"t-{uuid.uuid4().hex[:12]}"
