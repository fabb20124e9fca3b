"""Fixtures for pytest: an embedded Batch service for the whole run, and clients of it.

They are registered as a plugin, so a test only has to name them. With pytest-xdist each worker has its own service.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from azure.batch import BatchClient
    from azure.storage.blob import BlobServiceClient

    from shoal.testing import Status


@pytest.fixture(scope="session")
def shoal_service() -> Iterator["Status"]:
    """Run an embedded service with a Batch account and a storage account, and describe how it is reached.

    The service starts with the first test that asks for it and ends with the run; its state goes with it. It is one for
    all tests, so give each test ids of its own.
    """
    from shoal.testing import running

    with running() as service:
        yield service


@pytest.fixture(scope="session")
def batch_client(shoal_service: "Status") -> Iterator["BatchClient"]:
    """Connect a client of azure-batch to the service's account."""
    with shoal_service.batch_client() as client:
        yield client


@pytest.fixture(scope="session")
def blob_service_client(shoal_service: "Status") -> Iterator["BlobServiceClient"]:
    """Connect a client of azure-storage-blob to the service's storage account."""
    with shoal_service.blob_service_client() as client:
        yield client
