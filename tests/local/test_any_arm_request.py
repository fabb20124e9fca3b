"""Requests to ARM, and to the service's own interface, that are right but for one place: see test_any_request.py."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.local.arm.resource_manager import KINDS
from shoal.service_status import Status
from tests.arm import SUBSCRIPTION, ArmHttp
from tests.local.test_any_request import PRINTABLE, STRANGE, changed, places, some
from tests.raw import Raw

GUID = "00000000-0000-0000-0000-0000000000aa"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/any-group"
STORAGE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/anyresource"
NAMES = {
    **dict.fromkeys(("blobServices", "fileServices", "managementPolicies", "immutabilityPolicies"), "default"),
    "roleAssignments": GUID,
    "locations": "westeurope",
}
"""Names that only one resource of its type can have."""
PROPERTIES: dict[str, Any] = {
    "Microsoft.Batch/batchAccounts": {
        "autoStorage": {"storageAccountId": STORAGE},
        "poolAllocationMode": "BatchService",
    },
    "Microsoft.Batch/batchAccounts/pools": {
        "vmSize": "STANDARD_D2S_V3",
        "deploymentConfiguration": {
            "virtualMachineConfiguration": {
                "imageReference": {
                    "publisher": "canonical",
                    "offer": "0001-com-ubuntu-server-jammy",
                    "sku": "22_04-lts",
                },
                "nodeAgentSkuId": "batch.node.ubuntu 22.04",
            }
        },
        "scaleSettings": {
            "fixedScale": {"targetDedicatedNodes": 0, "targetLowPriorityNodes": 0, "resizeTimeout": "PT5M"}
        },
        "startTask": {"commandLine": "true", "environmentSettings": [{"name": "a", "value": "b"}]},
        "metadata": [{"name": "a", "value": "b"}],
    },
    "Microsoft.Batch/batchAccounts/applications": {"displayName": "a", "allowUpdates": True, "defaultVersion": "1"},
    "Microsoft.Authorization/roleAssignments": {"principalId": GUID, "roleDefinitionId": f"/x/{GUID}"},
    "Microsoft.Storage/storageAccounts/blobServices/containers": {"publicAccess": "None", "metadata": {"a": "b"}},
    "Microsoft.Network/virtualNetworks": {
        "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
        "subnets": [{"name": "s", "properties": {"addressPrefix": "10.0.1.0/24"}}],
    },
    "Microsoft.Network/networkSecurityGroups": {
        "securityRules": [{"name": "r", "properties": {"priority": 100, "direction": "Inbound", "access": "Allow"}}]
    },
    "Microsoft.Insights/metricAlerts": {"criteria": {"allOf": [{"name": "a", "threshold": 1}]}, "severity": 1},
    "Microsoft.Resources/deploymentStacks": {
        "template": {"resources": [], "parameters": {}},
        "actionOnUnmanage": {"resources": "detach"},
        "denySettings": {"mode": "none"},
    },
}
WORDS = st.sampled_from(["checkNameAvailability", "listKeys", "regenerateKeys", "stopResize", "activate", "nothing"])
ArmRequest = tuple[str, str, Any, str]
"""Method, path, body, api-version."""


@st.composite
def arm_requests(draw: st.DrawFn) -> ArmRequest:
    kind = draw(st.sampled_from(sorted(kind.type for kind in KINDS.values())))
    provider, *types = kind.split("/")
    usual = [NAMES.get(one, "anyresource") for one in types]
    names = [draw(st.sampled_from([name] * 5 + ["%00", "x" * 300, "%ff", "a.b", "%2F"])) for name in usual]
    path = "/".join(
        [f"{GROUP}/providers/{provider}", *(f"{one}/{name}" for one, name in zip(types, names, strict=True))]
    )
    if provider == "Microsoft.Resources" and types and types[0] in ("resourceGroups", "subscriptions"):
        path = GROUP
    path += draw(st.sampled_from([""] * 8) | WORDS.map(lambda word: f"/{word}"))
    body: Any = {"location": "westeurope", "tags": {"a": "b"}, "properties": PROPERTIES.get(kind, {"a": [{"b": "c"}]})}
    for _ in range(draw(st.integers(0, 2))):
        body = changed(body, draw(st.sampled_from(list(places(body)))), draw(STRANGE))
    method = draw(st.sampled_from(["PUT", "PUT", "PUT", "PATCH", "POST", "GET", "DELETE", "HEAD"]))
    version = draw(st.sampled_from(["2024-07-01", "2024-07-01", "2019-08-01", ""]) | PRINTABLE)
    return method, path, None if method in ("GET", "HEAD") else body, version


@pytest.fixture
def group(service: Status) -> Iterator[None]:
    arm = ArmHttp(service, "any-group")
    arm.make("", {"location": "westeurope"})
    yield
    status, answer = arm.call("DELETE", "")
    assert status in (200, 202, 404), answer


@pytest.mark.usefixtures("group")
@some(300)
@given(request=arm_requests())
def test_no_request_to_arm_is_answered_with_an_error_of_the_services_own(raw: Raw, request: ArmRequest) -> None:
    check_arm(raw, request)


@pytest.mark.soak
@pytest.mark.usefixtures("group")
@some(3_000)
@given(request=arm_requests())
def test_no_request_to_arm_of_thousands_is_answered_with_an_error_of_its_own(raw: Raw, request: ArmRequest) -> None:
    check_arm(raw, request)


def check_arm(raw: Raw, request: ArmRequest) -> None:
    method, path, body, version = request
    check(raw, method, f"{path}?api-version={quote(version)}", body)


@st.composite
def own_requests(draw: st.DrawFn) -> tuple[str, str, Any]:
    names = st.sampled_from(["seed", "absence_seconds", "pool_quota", "storage_roles", "like", "node", "colour"])
    body = draw(st.dictionaries(names, STRANGE, max_size=3) | STRANGE)
    path = draw(st.sampled_from(["chaos", "preemptions", "full-disks", "identity/token", "nothing", ""]))
    return draw(st.sampled_from(["GET", "PUT", "POST", "DELETE", "PATCH"])), f"/-/{path}", body


@some(100)
@given(request=own_requests())
def test_no_request_to_the_services_own_side_is_answered_with_500(
    service: Status, raw: Raw, request: tuple[str, str, Any]
) -> None:
    with service.chaos():
        check(raw, *request)


@pytest.mark.soak
@some(1_000)
@given(request=own_requests())
def test_no_request_of_hundreds_to_the_services_own_side_is_answered_with_500(
    service: Status, raw: Raw, request: tuple[str, str, Any]
) -> None:
    with service.chaos():
        check(raw, *request)


def check(raw: Raw, method: str, target: str, body: Any) -> None:
    content = b"" if body is None else json.dumps(body).encode()
    answer = raw.send(method, target, content, {"Authorization": f"Bearer {raw.status.arm_token}"})
    assert answer.status != 500, answer.content
    if answer.status >= 400 and answer.content:
        # The endpoint of identities has OAuth's form, in which the error is a word.
        assert target == "/-/identity/token" or {"code", "message"} <= set(answer.body["error"])
