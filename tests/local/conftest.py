"""A pool that the tests of a worker share, and a job on it for each test."""

from collections.abc import Iterator

import pytest
from azure.batch import BatchClient

from shoal.local.status import Status
from tests.local.making import make_job, make_pool
from tests.raw import Raw


@pytest.fixture(scope="session")
def pool(client: BatchClient) -> str:
    """Two nodes of four slots; what a test runs here ends with its job."""
    make_pool(client, "shared", nodes=2, taskSlotsPerNode=4)
    return "shared"


@pytest.fixture(scope="session")
def one_node(client: BatchClient) -> str:
    """A pool of one node, whose shared directory all tasks see."""
    make_pool(client, "one-node", taskSlotsPerNode=4)
    return "one-node"


@pytest.fixture
def job(client: BatchClient, pool: str, name: str) -> Iterator[str]:
    make_job(client, name, pool)
    yield name
    client.begin_delete_job(name)


@pytest.fixture
def raw(service: Status) -> Raw:
    return Raw(service)
