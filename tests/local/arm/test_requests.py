"""Common parts of every ARM request: the token, the version, errors, and resources that are not there."""

import pytest

from tests.arm import SUBSCRIPTION, ArmHttp


def test_request_without_the_token_is_refused(arm: ArmHttp) -> None:
    status, answer = arm.call("GET", "", token="another")
    assert (status, answer["error"]["code"]) == (401, "AuthenticationFailed")


def test_request_without_a_version_is_refused(arm: ArmHttp) -> None:
    status, answer = arm.call("GET", "", version="")
    assert (status, answer["error"]["code"]) == (400, "MissingApiVersionParameter")


@pytest.mark.parametrize("version", ["foo", "2024-13-01", "2024-07-01-", "2024-07-01.20.0", "20240701"])
def test_version_that_is_no_date_is_refused(arm: ArmHttp, version: str) -> None:
    status, answer = arm.call("GET", "", version=version)
    assert (status, answer["error"]["code"]) == (400, "InvalidApiVersionParameter")


def test_operation_that_is_not_there_is_named(arm: ArmHttp) -> None:
    status, answer = arm.call("PUT", "providers/Microsoft.Compute/virtualMachines/v", {"location": "westeurope"})
    assert status == 501
    assert answer["error"]["message"].startswith("The operation PUT on Microsoft.Compute/virtualMachines is not")


def test_action_that_is_not_there_is_named(arm: ArmHttp) -> None:
    status, answer = arm.call("POST", "providers/Microsoft.Batch/batchAccounts/a/restart", {})
    assert status == 501
    assert "POST on Microsoft.Batch/batchAccounts/restart" in answer["error"]["message"]


def test_patch_of_a_group_changes_its_tags_only(arm: ArmHttp) -> None:
    status, group = arm.call("PATCH", "", {"tags": {"team": "risk"}})
    assert (status, group["tags"], group["location"]) == (200, {"team": "risk"}, "westeurope")
    assert arm.call("GET", "")[1] == group


def test_resources_of_a_group_are_listed_whatever_their_type(arm: ArmHttp) -> None:
    assert arm.call("GET", "resources") == (200, {"value": []})
    identity = arm.make("providers/Microsoft.ManagedIdentity/userAssignedIdentities/i", {"location": "westeurope"})
    (listed,) = arm.call("GET", "resources")[1]["value"]
    assert (listed["id"], listed["type"], listed["location"]) == (identity["id"], identity["type"], "westeurope")


def test_body_that_is_not_an_object_is_refused(arm: ArmHttp) -> None:
    status, answer = arm.call("PUT", "providers/Microsoft.Storage/storageAccounts/abc", ["a"])
    assert (status, answer["error"]["code"]) == (400, "InvalidRequestContent")


def test_resource_in_a_group_that_is_not_there_is_refused(arm: ArmHttp) -> None:
    path = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/nowhere/providers/Microsoft.Storage/storageAccounts/abc"
    body = {"location": "westeurope", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}
    status, answer = arm.call("PUT", path, body)
    assert (status, answer["error"]["code"]) == (404, "ResourceGroupNotFound")


def test_paths_are_compared_without_case(arm: ArmHttp) -> None:
    status, answer = arm.call("GET", arm.group.replace("resourceGroups", "RESOURCEGROUPS"))
    assert (status, answer["type"]) == (200, "Microsoft.Resources/resourceGroups")
