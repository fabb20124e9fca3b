"""One embedded service for each worker of the suite, by the fixtures that Shoal ships; each test has ids of its own."""

import uuid
from pathlib import Path

import pytest
from azure.batch import BatchClient

from shoal.environment import Environment
from shoal.service_status import Status
from tests.environments import deploy


@pytest.fixture(scope="session")
def service(shoal_service: Status) -> Status:
    return shoal_service


@pytest.fixture(scope="session")
def client(batch_client: BatchClient) -> BatchClient:
    return batch_client


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
