import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobServiceClient

from shoal.service_status import Status
from tests.arm import SUBSCRIPTION, ArmHttp
from tests.local.arm.conftest import STORAGE


def blob_client(arm: ArmHttp, storage: str) -> BlobServiceClient:
    _, account = arm.call("GET", storage)
    _, keys = arm.call("POST", f"{storage}/listKeys")
    credential = {"account_name": account["name"], "account_key": keys["keys"][0]["value"]}
    return BlobServiceClient(account["properties"]["primaryEndpoints"]["blob"].rstrip("/"), credential)


def test_storage_account_can_be_used_as_soon_as_it_is_made(arm: ArmHttp, storage: str) -> None:
    with blob_client(arm, storage) as blobs:
        blobs.create_container("mine").upload_blob("a", b"content")
        assert blobs.get_blob_client("mine", "a").download_blob().readall() == b"content"


def test_other_accounts_keep_their_blobs_when_one_is_added(arm: ArmHttp, storage: str, account_name: str) -> None:
    with blob_client(arm, storage) as blobs:
        blobs.create_container("mine").upload_blob("a", b"content")
        arm.make(f"providers/Microsoft.Storage/storageAccounts/{account_name}x", STORAGE)
        assert blobs.get_blob_client("mine", "a").download_blob().readall() == b"content"


def test_patch_of_a_storage_account_keeps_what_it_does_not_name(arm: ArmHttp, storage: str) -> None:
    status, account = arm.call("PATCH", storage, {"tags": {"a": "b"}, "properties": {"minimumTlsVersion": "TLS1_2"}})
    assert (status, account["tags"], account["sku"]["name"]) == (200, {"a": "b"}, "Standard_LRS")
    assert account["properties"]["minimumTlsVersion"] == "TLS1_2"
    assert account == arm.call("GET", storage)[1]


def test_file_service_of_a_storage_account_is_at_rest(arm: ArmHttp, storage: str) -> None:
    status, service = arm.call("GET", f"{storage}/fileServices/default")
    assert (status, service["properties"]["cors"]) == (200, {"corsRules": []})
    assert arm.call("GET", f"{storage}/fileServices/other")[0] == 404


def test_name_of_a_storage_account_is_available_unless_it_is_taken(arm: ArmHttp, storage: str) -> None:
    path = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Storage/checkNameAvailability"
    name = storage.rpartition("/")[2]
    answers = [
        arm.call("POST", path, {"name": asked, "type": "Microsoft.Storage/storageAccounts"})[1]
        for asked in (f"{name}x", name, "Wrong")
    ]
    assert [answer.get("reason") for answer in answers] == [None, "AlreadyExists", "Invalid"]


def test_container_made_by_arm_is_there_in_storage(arm: ArmHttp, storage: str) -> None:
    container = f"{storage}/blobServices/default/containers/inputs"
    assert arm.call("PUT", container, {"properties": {"metadata": {"for": "tasks"}}})[0] == 201
    assert arm.call("PUT", container, {"properties": {"metadata": {"for": "tasks"}}})[0] == 200
    with blob_client(arm, storage) as blobs:
        properties = blobs.get_container_client("inputs").get_container_properties()
    assert properties.metadata == {"for": "tasks"}


def test_container_made_in_storage_is_seen_by_arm(arm: ArmHttp, storage: str) -> None:
    with blob_client(arm, storage) as blobs:
        blobs.create_container("mine")
    status, container = arm.call("GET", f"{storage}/blobServices/default/containers/mine")
    assert (status, container["name"]) == (200, "mine")
    _, listed = arm.call("GET", f"{storage}/blobServices/default/containers")
    assert [container["name"] for container in listed["value"]] == ["mine"]


def test_container_deleted_by_arm_is_gone_from_storage(arm: ArmHttp, storage: str) -> None:
    container = f"{storage}/blobServices/default/containers/inputs"
    arm.call("PUT", container, {})
    assert arm.call("DELETE", container)[0] == 200
    assert arm.call("DELETE", container)[0] == 204
    assert arm.call("GET", container)[0] == 404
    with blob_client(arm, storage) as blobs:
        assert not blobs.get_container_client("inputs").exists()


@pytest.mark.parametrize("wrong", ["Inputs", "in", "-inputs", "a--b"])
def test_container_with_a_wrong_name_is_refused(arm: ArmHttp, storage: str, wrong: str) -> None:
    status, answer = arm.call("PUT", f"{storage}/blobServices/default/containers/{wrong}", {})
    assert (status, answer["error"]["code"]) == (400, "InvalidResourceName")


def test_deleted_account_takes_its_key_and_its_blobs_with_it(arm: ArmHttp, storage: str, account_name: str) -> None:
    with blob_client(arm, storage) as blobs:
        blobs.create_container("mine").upload_blob("a", b"content")
        assert arm.call("DELETE", storage)[0] == 200
        assert arm.call("GET", storage)[0] == 404
        with pytest.raises(HttpResponseError):
            blobs.get_container_client("mine").get_container_properties()
    again = arm.make(f"providers/Microsoft.Storage/storageAccounts/{account_name}", STORAGE)
    with blob_client(arm, again["id"]) as blobs:
        assert list(blobs.list_containers()) == []


def test_account_of_another_group_is_not_taken_over(arm: ArmHttp, service: Status, storage: str, name: str) -> None:
    other = ArmHttp(service, f"{name}-other")
    other.make("", {"location": "westeurope"})
    status, answer = other.call("PUT", storage.replace(name, f"{name}-other", 1), STORAGE)
    assert (status, answer["error"]["code"]) == (409, "StorageAccountAlreadyTaken")
    assert other.call("DELETE", "")[0] == 200


def test_default_account_cannot_be_deleted(arm: ArmHttp, service: Status) -> None:
    default = ArmHttp(service, "shoal")
    path = f"providers/Microsoft.Storage/storageAccounts/{service.storage_account}"
    assert default.call("GET", path)[0] == 200
    assert default.call("DELETE", path)[1]["error"]["code"] == "CannotDeleteDefault"
    assert default.call("DELETE", "")[1]["error"]["code"] == "CannotDeleteDefault"


def test_lifecycle_rules_are_checked_and_kept(arm: ArmHttp, storage: str) -> None:
    rule = {
        "name": "expire",
        "type": "Lifecycle",
        "definition": {
            "actions": {"baseBlob": {"delete": {"daysAfterModificationGreaterThan": 3}}},
            "filters": {"blobTypes": ["blockBlob"]},
        },
    }
    path = f"{storage}/managementPolicies/default"
    assert arm.call("PUT", path, {"properties": {"policy": {"rules": []}}})[0] == 400
    assert arm.call("PUT", path, {"properties": {"policy": {"rules": [{**rule, "type": "Other"}]}}})[0] == 400
    assert arm.call("PUT", path, {"properties": {"policy": {"rules": [rule]}}})[0] == 200
    assert arm.call("GET", path)[1]["properties"]["policy"]["rules"] == [rule]


def test_network_rules_are_checked_and_kept(arm: ArmHttp, storage: str) -> None:
    rules = {"defaultAction": "Deny", "ipRules": [{"value": "203.0.113.0/24", "action": "Allow"}]}
    assert arm.call("PUT", storage, {**STORAGE, "properties": {"networkAcls": rules}})[0] == 200
    assert arm.call("GET", storage)[1]["properties"]["networkAcls"] == rules
    no_action: dict[str, object] = {"ipRules": []}
    for wrong in (no_action, {"defaultAction": "Deny", "ipRules": [{"value": "here"}]}):
        status, answer = arm.call("PUT", storage, {**STORAGE, "properties": {"networkAcls": wrong}})
        assert (status, answer["error"]["code"]) == (400, "InvalidRequestContent")


def test_blob_service_is_there_with_its_account_and_cannot_be_deleted(arm: ArmHttp, storage: str) -> None:
    path = f"{storage}/blobServices/default"
    assert arm.call("GET", path)[1]["properties"]["deleteRetentionPolicy"]["enabled"] is False
    kept = {"deleteRetentionPolicy": {"enabled": True, "days": 7}}
    assert arm.call("PUT", path, {"properties": kept})[0] == 200
    assert arm.call("GET", path)[1]["properties"]["deleteRetentionPolicy"] == {"enabled": True, "days": 7}
    assert [service["name"] for service in arm.call("GET", f"{storage}/blobServices")[1]["value"]] == ["default"]
    assert arm.call("DELETE", path)[0] == 501
    assert arm.call("GET", path.replace(storage, f"{storage}x"))[0] == 404


@pytest.mark.parametrize("days", [0, 366, "7", None])
def test_soft_delete_takes_days_between_1_and_365(arm: ArmHttp, storage: str, days: object) -> None:
    policy = {"containerDeleteRetentionPolicy": {"enabled": True, "days": days}}
    status, answer = arm.call("PUT", f"{storage}/blobServices/default", {"properties": policy})
    assert (status, answer["error"]["code"]) == (400, "InvalidRequestContent")


def test_immutable_container_with_blobs_is_deleted_only_with_its_account(arm: ArmHttp, storage: str) -> None:
    container = f"{storage}/blobServices/default/containers/inputs"
    policy = f"{container}/immutabilityPolicies/default"
    arm.call("PUT", container, {})
    days = {"properties": {"immutabilityPeriodSinceCreationInDays": 30}}
    status, made = arm.call("PUT", policy, days)
    assert (status, made["properties"]["state"]) == (200, "Unlocked")
    assert arm.call("GET", container)[1]["properties"]["hasImmutabilityPolicy"] is True
    with blob_client(arm, storage) as blobs:
        blobs.get_blob_client("inputs", "a").upload_blob(b"content")
    assert arm.call("DELETE", container)[1]["error"]["code"] == "ContainerProtectedFromDeletion"
    assert arm.call("DELETE", policy)[1]["error"]["code"] == "ContainerImmutabilityPolicyFailure"
    assert arm.call("DELETE", storage)[0] == 200


def test_empty_immutable_container_can_be_deleted(arm: ArmHttp, storage: str) -> None:
    container = f"{storage}/blobServices/default/containers/inputs"
    arm.call("PUT", container, {})
    days = {"properties": {"immutabilityPeriodSinceCreationInDays": 30}}
    assert arm.call("PUT", f"{container}/immutabilityPolicies/default", days)[0] == 200
    assert arm.call("DELETE", container)[0] == 200
    assert arm.call("GET", f"{container}/immutabilityPolicies/default")[0] == 404


@pytest.mark.parametrize(("name", "days"), [("other", 30), ("default", 0), ("default", 146_001)])
def test_wrong_immutability_policy_is_refused(arm: ArmHttp, storage: str, name: str, days: int) -> None:
    container = f"{storage}/blobServices/default/containers/inputs"
    arm.call("PUT", container, {})
    body = {"properties": {"immutabilityPeriodSinceCreationInDays": days}}
    assert arm.call("PUT", f"{container}/immutabilityPolicies/{name}", body)[0] == 400
