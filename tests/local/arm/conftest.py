from collections.abc import Iterator

import pytest
from azure.mgmt.batch import BatchManagementClient

from shoal.service_status import Status
from tests.arm import ArmHttp, management_client

STORAGE = {"location": "westeurope", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}


@pytest.fixture
def account_name(name: str) -> str:
    return name.replace("-", "")


@pytest.fixture
def arm(service: Status, name: str) -> Iterator[ArmHttp]:
    """A resource group of the test's own, deleted with all that is in it."""
    arm = ArmHttp(service, name)
    arm.make("", {"location": "westeurope"})
    yield arm
    status, answer = arm.call("DELETE", "")
    assert status in (200, 404), answer


@pytest.fixture
def storage(arm: ArmHttp, account_name: str) -> str:
    """The id of a storage account in the group."""
    made = arm.make(f"providers/Microsoft.Storage/storageAccounts/{account_name}", STORAGE)
    return str(made["id"])


@pytest.fixture
def management(service: Status) -> Iterator[BatchManagementClient]:
    with management_client(service) as client:
        yield client


@pytest.fixture
def account(management: BatchManagementClient, arm: ArmHttp, service: Status, name: str, account_name: str) -> str:
    """The name of a Batch account in the group, with the storage account that is always there."""
    storage = f"{ArmHttp(service, 'shoal').group}/providers/Microsoft.Storage/storageAccounts/{service.storage_account}"
    management.batch_account.begin_create(
        name,
        account_name,
        {"location": "westeurope", "properties": {"autoStorage": {"storageAccountId": storage}}},
    ).result()
    return account_name
