import pytest
from azure.batch import BatchClient
from azure.batch.models import BatchJobCreateOptions, BatchPoolCreateOptions, BatchPoolInfo, BatchTaskCreateOptions
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.batch import BatchManagementClient
from azure.mgmt.batch.models import (
    AutoStorageBaseProperties,
    BatchAccountCreateParameters,
    BatchAccountCreateProperties,
)

from shoal.service_status import Status
from tests.arm import ArmHttp


def test_account_answers_on_its_own_endpoint_with_its_own_keys(
    management: BatchManagementClient, name: str, account: str, service: Status
) -> None:
    made = management.batch_account.get(name, account)
    keys = management.batch_account.get_keys(name, account)
    assert made.properties
    assert made.properties.provisioning_state == "Succeeded"
    endpoint = f"{service.arm_endpoint}/{account}"
    assert made.properties.account_endpoint == endpoint
    for key in (keys.primary, keys.secondary):
        with BatchClient(endpoint, AzureNamedKeyCredential(account, key or "")) as batch:
            assert list(batch.list_pools()) == []
    with (
        BatchClient(endpoint, AzureNamedKeyCredential(account, service.key)) as batch,
        pytest.raises(HttpResponseError, match="failed to authenticate"),
    ):
        list(batch.list_pools())


def test_accounts_are_listed_by_group_and_by_subscription(
    management: BatchManagementClient, name: str, account: str
) -> None:
    assert [a.name for a in management.batch_account.list_by_resource_group(name)] == [account]
    assert account in [a.name for a in management.batch_account.list()]


def test_default_account_is_in_the_group_of_the_service(management: BatchManagementClient, service: Status) -> None:
    default = management.batch_account.get("shoal", service.account)
    assert default.properties
    assert default.properties.account_endpoint == service.batch_endpoint
    assert default.properties.auto_storage
    assert default.properties.auto_storage.storage_account_id.endswith(f"/{service.storage_account}")
    with pytest.raises(HttpResponseError, match="always exists"):
        management.batch_account.begin_delete("shoal", service.account).result()


def test_account_with_unknown_auto_storage_is_refused(
    management: BatchManagementClient, arm: ArmHttp, name: str, account_name: str
) -> None:
    storage = f"{arm.group}/providers/Microsoft.Storage/storageAccounts/nowhere"
    parameters = BatchAccountCreateParameters(
        location="westeurope",
        properties=BatchAccountCreateProperties(auto_storage=AutoStorageBaseProperties(storage_account_id=storage)),
    )
    with pytest.raises(HttpResponseError, match="InvalidAutoStorageAccount"):
        management.batch_account.begin_create(name, account_name, parameters).result()
    with pytest.raises(ResourceNotFoundError):
        management.batch_account.get(name, account_name)


@pytest.mark.parametrize("wrong", ["Caps", "ab", "with-hyphen", "subscriptions"])
def test_account_with_a_wrong_name_is_refused(arm: ArmHttp, wrong: str) -> None:
    status, answer = arm.call("PUT", f"providers/Microsoft.Batch/batchAccounts/{wrong}", {"location": "westeurope"})
    assert (status, answer["error"]["code"]) == (400, "InvalidResourceName")


def test_account_with_an_unknown_property_is_refused(arm: ArmHttp, account_name: str) -> None:
    body = {"location": "westeurope", "properties": {"autostorage": {}}}
    status, answer = arm.call("PUT", f"providers/Microsoft.Batch/batchAccounts/{account_name}", body)
    assert (status, answer["error"]["code"]) == (400, "UnsupportedProperty")
    assert "properties.autostorage" in answer["error"]["message"]


def test_deleted_account_takes_its_pools_and_jobs_with_it(
    management: BatchManagementClient, name: str, account: str, service: Status
) -> None:
    key = management.batch_account.get_keys(name, account).primary
    with BatchClient(f"{service.arm_endpoint}/{account}", AzureNamedKeyCredential(account, key or "")) as batch:
        batch.create_pool(BatchPoolCreateOptions(id="p", vm_size="x", target_dedicated_nodes=1))
        batch.create_job(BatchJobCreateOptions(id="j", pool_info=BatchPoolInfo(pool_id="p")))
        batch.create_task("j", BatchTaskCreateOptions(id="t", command_line="sleep 600"))
        management.batch_account.begin_delete(name, account).result()
        with pytest.raises(ResourceNotFoundError):
            management.batch_account.get(name, account)
        with pytest.raises(HttpResponseError):
            list(batch.list_pools())
