"""A Batch account that reaches its auto-storage by identity needs a role, which takes effect after a delay."""

import pytest

from tests.arm import SUBSCRIPTION, ArmHttp
from tests.waiting import wait_until

DEFINITIONS = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions"
ROLE = f"{DEFINITIONS}/33333333-2222-3333-4444-555555555555"
ASSIGNMENT = "providers/Microsoft.Authorization/roleAssignments/11111111-2222-3333-4444-555555555555"


@pytest.fixture
def principal(arm: ArmHttp) -> str:
    path = "providers/Microsoft.ManagedIdentity/userAssignedIdentities/own"
    return str(arm.make(path, {"location": "westeurope"})["properties"]["principalId"])


@pytest.fixture
def application(arm: ArmHttp, principal: str, storage: str, account_name: str) -> str:
    """An application of an account that uses its storage by identity."""
    assert principal
    identity = f"{arm.group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/own"
    path = f"providers/Microsoft.Batch/batchAccounts/{account_name}"
    linked = {"storageAccountId": storage, "authenticationMode": "BatchAccountManagedIdentity"}
    body = {
        "location": "westeurope",
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}},
        "properties": {"autoStorage": linked},
    }
    arm.make(path, body)
    arm.make(f"{path}/applications/tool", {})
    return f"{path}/applications/tool"


def refusal(arm: ArmHttp, method: str, path: str, body: object) -> tuple[int, str | None]:
    status, answer = arm.call(method, path, body)
    return status, answer.get("error", {}).get("code")


@pytest.mark.parametrize("scope", ["storage", "group"])
def test_version_is_refused_until_a_role_at_or_above_the_storage_has_effect(
    arm: ArmHttp, application: str, principal: str, storage: str, scope: str
) -> None:
    version = f"{application}/versions/1"
    with arm.status.chaos(role_delay_seconds=600):
        assert refusal(arm, "PUT", version, {}) == (403, "AuthorizationPermissionMismatch"), "there is no role"
        at = {"storage": storage, "group": arm.group}[scope]
        role = {"properties": {"principalId": principal, "roleDefinitionId": ROLE, "principalType": "ServicePrincipal"}}
        arm.make(f"{at}/{ASSIGNMENT}", role)
        assert refusal(arm, "PUT", version, {}) == (403, "AuthorizationPermissionMismatch"), "it is too new"
    with arm.status.chaos(role_delay_seconds=0.3):
        wait_until(lambda: refusal(arm, "PUT", version, {}) == (200, None))
        arm.make(f"{at}/{ASSIGNMENT}", role)
        assert refusal(arm, "PUT", version, {}) == (200, None), "the role is as old as before"
        activate = refusal(arm, "POST", f"{version}/activate", {"format": "zip"})
        assert activate == (409, "ApplicationPackageBlobNotFound")
    with arm.status.chaos(role_delay_seconds=600):
        activate = refusal(arm, "POST", f"{version}/activate", {"format": "zip"})
        assert activate == (403, "AuthorizationPermissionMismatch")


def test_role_of_another_or_elsewhere_gives_no_access(
    arm: ArmHttp, application: str, principal: str, storage: str
) -> None:
    other = "22222222-2222-3333-4444-555555555555"
    account = f"{arm.group}/{application.partition('/applications')[0]}"
    for scope, who in ((storage, other), (account, principal)):
        body = {"properties": {"principalId": who, "roleDefinitionId": ROLE}}
        arm.make(f"{scope}/{ASSIGNMENT}", body)
    with arm.status.chaos(role_delay_seconds=0.000001):
        assert refusal(arm, "PUT", f"{application}/versions/1", {}) == (403, "AuthorizationPermissionMismatch")
