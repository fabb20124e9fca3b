"""One embedded service for each worker of the suite, by the fixtures that Shoal ships; each test has ids of its own."""

import signal
import uuid
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from azure.batch import BatchClient

from shoal.environment import Environment
from shoal.service_status import Status
from tests.environments import deploy

# A shell starts commands in the background with Ctrl-C ignored, and they hand that down to what the tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

HAS_FAILED = pytest.StashKey[bool]()


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
def name(request: pytest.FixtureRequest) -> Iterator[str]:
    """An id that no other test uses. If the test fails, its jobs end: they would keep nodes from others."""
    made = f"t-{uuid.uuid4().hex[:12]}"
    client = request.getfixturevalue("batch_client") if "service" in request.fixturenames else None
    yield made
    if client is not None and request.node.stash.get(HAS_FAILED, False):
        for job in client.list_jobs(filter="state eq 'active'"):
            if made in job.id:
                client.begin_delete_job(job.id)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    item.stash[HAS_FAILED] = item.stash.get(HAS_FAILED, False) or report.failed
    return report
