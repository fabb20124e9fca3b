from typing import Any

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
    BatchAccountRegenerateKeyParameters,
    BatchAccountUpdateParameters,
    BatchAccountUpdateProperties,
    CheckNameAvailabilityParameters,
)

from shoal.local.api.shapes import ARM
from shoal.local.arm import pool_allocation
from shoal.local.errors import BatchError
from shoal.service_status import Status
from tests.arm import SUBNET, ArmHttp, make_subnet
from tests.local.identity.test_token_endpoint import request_token
from tests.raw import Raw


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


def test_patch_changes_what_it_names_and_keeps_the_rest(
    management: BatchManagementClient, name: str, account: str
) -> None:
    before = management.batch_account.get(name, account)
    changed = management.batch_account.update(
        name,
        account,
        BatchAccountUpdateParameters(
            tags={"team": "risk"}, properties=BatchAccountUpdateProperties(public_network_access="Disabled")
        ),
    )
    assert before.properties
    assert changed.properties
    assert (changed.tags, changed.properties.public_network_access) == ({"team": "risk"}, "Disabled")
    assert changed.properties.auto_storage == before.properties.auto_storage
    assert management.batch_account.get(name, account) == changed


def test_patch_links_and_unlinks_auto_storage(
    management: BatchManagementClient, name: str, account: str, storage: str
) -> None:
    for linked in (storage, ""):
        parameters = BatchAccountUpdateParameters(
            properties=BatchAccountUpdateProperties(auto_storage=AutoStorageBaseProperties(storage_account_id=linked))
        )
        properties = management.batch_account.update(name, account, parameters).properties
        assert properties
        assert (properties.auto_storage and properties.auto_storage.storage_account_id) == (linked or None)
    management.application.create(name, account, "tool")
    with pytest.raises(HttpResponseError, match="AutoStorageAccountNotSpecified"):
        management.application_package.create(name, account, "tool", "1")


def test_regenerated_key_takes_the_place_of_the_earlier_one(
    management: BatchManagementClient, name: str, account: str, service: Status
) -> None:
    before = management.batch_account.get_keys(name, account)
    after = management.batch_account.regenerate_key(
        name, account, BatchAccountRegenerateKeyParameters(key_name="Primary")
    )
    assert after.primary != before.primary
    assert after.secondary == before.secondary
    endpoint = f"{service.arm_endpoint}/{account}"
    with BatchClient(endpoint, AzureNamedKeyCredential(account, after.primary or "")) as batch:
        assert list(batch.list_pools()) == []
    with (
        BatchClient(endpoint, AzureNamedKeyCredential(account, before.primary or "")) as batch,
        pytest.raises(HttpResponseError, match="failed to authenticate"),
    ):
        list(batch.list_pools())


def test_keys_of_auto_storage_are_synchronized(management: BatchManagementClient, name: str, account: str) -> None:
    management.batch_account.synchronize_auto_storage_keys(name, account)


def test_name_is_available_unless_it_is_taken_or_wrong(management: BatchManagementClient, account: str) -> None:
    reasons = []
    for wanted in (f"{account}x", account, "ab"):
        answer = management.location.check_name_availability(
            "westeurope", CheckNameAvailabilityParameters(name=wanted, type="Microsoft.Batch/batchAccounts")
        )
        assert answer.name_available is (answer.reason is None)
        reasons.append(answer.reason)
    assert reasons == [None, "AlreadyExists", "Invalid"]


def test_location_has_a_quota_of_accounts(management: BatchManagementClient) -> None:
    assert management.location.get_quotas("westeurope").account_quota == 50


@pytest.mark.parametrize("wrong", ["Caps", "ab", "with-hyphen", "subscriptions"])
def test_account_with_a_wrong_name_is_refused(arm: ArmHttp, wrong: str) -> None:
    status, answer = arm.call("PUT", f"providers/Microsoft.Batch/batchAccounts/{wrong}", {"location": "westeurope"})
    assert (status, answer["error"]["code"]) == (400, "InvalidResourceName")


def test_account_with_an_unknown_property_is_refused(arm: ArmHttp, account_name: str) -> None:
    body = {"location": "westeurope", "properties": {"autoStore": {}}}
    status, answer = arm.call("PUT", f"providers/Microsoft.Batch/batchAccounts/{account_name}", body)
    assert (status, answer["error"]["code"]) == (400, "UnsupportedProperty")
    assert "properties.autoStore" in answer["error"]["message"]


def test_account_in_ones_own_subscription_needs_a_key_vault(arm: ArmHttp, account_name: str) -> None:
    path = f"providers/Microsoft.Batch/batchAccounts/{account_name}"
    body = {"location": "westeurope", "properties": {"poolAllocationMode": "UserSubscription"}}
    status, answer = arm.call("PUT", path, body)
    assert (status, answer["error"]["code"]) == (400, "InvalidRequestBody")
    assert answer["error"]["details"][0]["message"].startswith("keyVaultReference must be set")


VAULT = {
    "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v",
    "url": "https://v.vault.azure.net/",
}


def test_account_in_ones_own_subscription_has_no_keys_and_no_quotas_of_cores(
    arm: ArmHttp, raw: Raw, service: Status, account_name: str
) -> None:
    path = f"providers/Microsoft.Batch/batchAccounts/{account_name}"
    given = {"poolAllocationMode": "UserSubscription", "keyVaultReference": VAULT}
    shown = arm.make(path, {"location": "westeurope", "properties": given})["properties"]
    assert shown.items() >= given.items()
    quotas = {name for name in shown if name.endswith("Quota") or "Quota" in name}
    assert quotas == {"poolQuota", "activeJobAndJobScheduleQuota", "dedicatedCoreQuotaPerVMFamilyEnforced"}
    modern = arm.call("GET", path, version="2024-02-01")[1]["properties"]
    assert modern["allowedAuthenticationModes"] == ["AAD", "TaskAuthenticationToken"]
    for action, body in (("listKeys", None), ("regenerateKeys", {"keyName": "Primary"})):
        status, answer = arm.call("POST", f"{path}/{action}", body)
        assert (status, answer["error"]["code"]) == (409, "SharedKeyNotAllowed")
    target = f"/{account_name}/pools?api-version=2025-06-01"
    refused = raw.send("GET", target, b"", {"Authorization": f"SharedKey {account_name}:AAAA"})
    assert (refused.status, refused.code) == (403, "AuthenticationFailed")
    assert "SharedKey is not allowed for this account" in refused.values["AuthenticationErrorDetail"]
    _, token = request_token(service, scope="https://batch.core.windows.net//.default")
    allowed = raw.send("GET", target, b"", {"Authorization": f"Bearer {token['access_token']}"})
    assert (allowed.status, allowed.body["value"]) == (200, [])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"poolAllocationMode": "BatchService"}, "PropertyCannotBeUpdated"),
        ({"allowedAuthenticationModes": ["SharedKey"]}, "InvalidPropertyValue"),
        ({"keyVaultReference": {**VAULT, "id": "abc"}}, "LinkedInvalidPropertyId"),
        ({"keyVaultReference": {"id": VAULT["id"]}}, "MissingRequiredProperty"),
    ],
)
def test_allocation_mode_stays_and_takes_a_whole_vault_and_no_keys(change: dict[str, Any], code: str) -> None:
    kept = {"poolAllocationMode": "UserSubscription", "keyVaultReference": VAULT}
    body = {"location": "westeurope", "properties": {**kept, **change}}

    def complete() -> None:
        ARM.normalize("BatchAccountCreateParameters", body, "2024-07-01")
        pool_allocation.completed({**kept, **change}, kept)

    with pytest.raises(BatchError) as refused:
        complete()
    assert (refused.value.status, refused.value.code) == (400, code)


def test_account_shows_its_private_endpoints_and_what_they_can_reach(arm: ArmHttp, account: str) -> None:
    make_subnet(arm.status)
    path = f"{arm.group}/providers/Microsoft.Batch/batchAccounts/{account}"
    link = {"name": "l", "properties": {"privateLinkServiceId": path, "groupIds": ["batchAccount"]}}
    properties = {"subnet": {"id": SUBNET}, "privateLinkServiceConnections": [link]}
    endpoint = arm.make(
        "providers/Microsoft.Network/privateEndpoints/pe", {"location": "westeurope", "properties": properties}
    )
    _, listed = arm.call("GET", f"{path}/privateEndpointConnections")
    (connection,) = listed["value"]
    assert connection["name"].startswith("pe.")
    assert connection["properties"] == {
        "provisioningState": "Succeeded",
        "privateEndpoint": {"id": endpoint["id"]},
        "privateLinkServiceConnectionState": {
            "status": "Approved",
            "description": "Auto-approved",
            "actionsRequired": "None",
        },
        "groupIds": ["batchAccount"],
    }
    assert arm.call("GET", connection["id"]) == (200, connection)
    assert arm.call("GET", path)[1]["properties"]["privateEndpointConnections"] == [connection]
    assert arm.call("GET", f"{path}/privateEndpointConnections/other")[0] == 404
    _, reachable = arm.call("GET", f"{path}/privateLinkResources")
    assert [item["name"] for item in reachable["value"]] == ["batchAccount", "nodeManagement"]
    _, before = arm.call("GET", f"{path}/privateLinkResources", version="2021-01-01")
    (only,) = before["value"]
    # It had the account's name then, as recorded.
    same = arm.call("GET", f"{path}/privateLinkResources/batchAccount")[1]
    assert (only["name"], only["properties"]) == (account, same["properties"])


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
