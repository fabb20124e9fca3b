"""Pools that the tests of a worker share, and a job on one for each test. What a test makes goes with it."""

import uuid
from collections.abc import Iterator

import pytest
from azure.batch import BatchClient

from shoal.service_status import Status
from tests.local.making import make_job, make_pool
from tests.raw import Raw


@pytest.fixture(scope="session")
def pool(client: BatchClient) -> str:
    """Two nodes of four slots."""
    make_pool(client, "shared", nodes=2, taskSlotsPerNode=4)
    return "shared"


@pytest.fixture(scope="session")
def one_node(client: BatchClient) -> str:
    """A pool of one node, whose shared directory all tasks see."""
    make_pool(client, "one-node", taskSlotsPerNode=4)
    return "one-node"


@pytest.fixture
def raw(service: Status) -> Raw:
    return Raw(service)


@pytest.fixture
def name(client: BatchClient, raw: Raw) -> Iterator[str]:
    """An id that no other test uses; jobs and pools whose ids begin with it are deleted after the test."""
    made = f"t-{uuid.uuid4().hex[:12]}"
    yield made
    for job in client.list_jobs(filter=f"startswith(id,'{made}')", select=["id"]):
        raw("DELETE", f"/jobs/{job.id}")
    for pool in client.list_pools(filter=f"startswith(id,'{made}')", select=["id"]):
        raw("DELETE", f"/pools/{pool.id}")


@pytest.fixture
def job(client: BatchClient, pool: str, name: str) -> str:
    """A job on the shared pool."""
    make_job(client, name, pool)
    return name
