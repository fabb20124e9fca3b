"""Identities, role assignments, groups and deployment stacks."""

import uuid
from datetime import UTC, datetime

from tests.arm import SUBSCRIPTION, ArmHttp

READER = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{uuid.UUID(int=5)}"


def test_identity_has_the_same_ids_whenever_it_is_read(arm: ArmHttp) -> None:
    path = "providers/Microsoft.ManagedIdentity/userAssignedIdentities/nodes"
    made = arm.make(path, {"location": "westeurope"})
    again = arm.make(path, {"location": "westeurope", "tags": {"a": "b"}})
    assert made["properties"] == again["properties"] == arm.call("GET", path)[1]["properties"]
    assert len({made["properties"]["principalId"], made["properties"]["clientId"]}) == 2


def test_identity_without_a_location_is_refused(arm: ArmHttp) -> None:
    status, answer = arm.call("PUT", "providers/Microsoft.ManagedIdentity/userAssignedIdentities/nodes", {})
    assert (status, answer["error"]["code"]) == (400, "LocationRequired")


def role(arm: ArmHttp, scope: str, principal: str, name: uuid.UUID) -> tuple[int, dict[str, object]]:
    body = {"properties": {"principalId": principal, "roleDefinitionId": READER}}
    return arm.call("PUT", f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}", body)


def test_role_is_assigned_once_and_never_changed(arm: ArmHttp, storage: str) -> None:
    first, second = uuid.uuid4(), uuid.uuid4()
    status, made = role(arm, storage, "somebody", first)
    assert (status, made["type"]) == (201, "Microsoft.Authorization/roleAssignments")
    assert role(arm, storage, "somebody", first) == (200, made)
    assert role(arm, storage, "somebody", second)[1]["error"]["code"] == "RoleAssignmentExists"  # type: ignore[index]  # JSON
    assert role(arm, storage, "another", first)[1]["error"]["code"] == "RoleAssignmentUpdateNotPermitted"  # type: ignore[index]  # JSON


def test_role_says_when_it_was_assigned(arm: ArmHttp, storage: str) -> None:
    before = datetime.now(UTC)
    _, made = role(arm, storage, "somebody", uuid.uuid4())
    created = made["properties"]["createdOn"]  # type: ignore[index]  # JSON
    assert before <= datetime.fromisoformat(created) <= datetime.now(UTC)


def test_role_on_a_scope_that_is_not_there_is_refused(arm: ArmHttp) -> None:
    scope = f"{arm.group}/providers/Microsoft.Storage/storageAccounts/nowhere"
    assert role(arm, scope, "somebody", uuid.uuid4())[0] == 404


def test_role_goes_with_its_scope(arm: ArmHttp, storage: str) -> None:
    _, made = role(arm, storage, "somebody", uuid.uuid4())
    assert arm.call("DELETE", storage)[0] == 200
    assert arm.call("GET", str(made["id"]))[0] == 404


def test_group_is_made_found_listed_and_moved_nowhere(arm: ArmHttp, name: str) -> None:
    assert arm.call("HEAD", "")[0] == 204
    assert arm.call("PUT", "", {"location": "westeurope", "tags": {"a": "b"}})[1]["tags"] == {"a": "b"}
    assert arm.call("PUT", "", {"location": "northeurope"})[1]["error"]["code"] == "InvalidResourceLocation"
    _, listed = arm.call("GET", f"/subscriptions/{SUBSCRIPTION}/resourceGroups")
    assert {"shoal", name} <= {group["name"] for group in listed["value"]}
    assert arm.call("HEAD", f"{arm.group}-not")[0] == 404


def test_deployment_stack_keeps_what_an_engine_records(arm: ArmHttp, name: str) -> None:
    path = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Resources/deploymentStacks/{name}"
    body = {"location": "local", "properties": {"resources": [{"id": "a"}], "outputs": {"x": 1}}}
    assert arm.call("PUT", path, {"location": "local", "properties": {}})[0] == 400
    assert arm.call("PUT", path, body)[0] == 201
    assert arm.call("GET", path)[1]["properties"] == body["properties"]
    assert arm.call("DELETE", path)[0] == 200
    assert arm.call("DELETE", path)[0] == 204
