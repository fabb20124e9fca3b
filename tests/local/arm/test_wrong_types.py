"""Bodies whose properties have wrong types, on everything that is a record."""

import copy
import random
from typing import Any

import pytest

from shoal.errors import BadInput
from shoal.service_status import Status
from tests.arm import ArmHttp
from tests.local.test_any_request import changed, places

GUID = "00000000-0000-0000-0000-0000000000aa"
STRANGE: list[Any] = [None, True, 1, -1.5, "x", "", [], {}, [None], [1], [[]], [{}], {"": 1}, {"a": {"b": []}}]


def bodies(storage: str) -> dict[str, dict[str, Any]]:
    """A right body for each path; below a scope the path is absolute."""
    rule = {
        "name": "r",
        "type": "Lifecycle",
        "definition": {
            "actions": {"baseBlob": {"delete": {"daysAfterModificationGreaterThan": 3}}},
            "filters": {"blobTypes": ["blockBlob"]},
        },
    }
    return {
        f"{storage}/managementPolicies/default": {"properties": {"policy": {"rules": [rule]}}},
        f"{storage}/providers/Microsoft.Authorization/roleAssignments/{GUID}": {
            "properties": {"principalId": GUID, "roleDefinitionId": f"/x/{GUID}", "principalType": "User"}
        },
        f"{storage}/providers/Microsoft.Insights/diagnosticSettings/d": {
            "properties": {
                "workspaceId": "/w",
                "logs": [{"category": "ServiceLog", "enabled": True}],
                "metrics": [{"category": "AllMetrics", "enabled": True}],
            }
        },
        f"{storage}/blobServices/default/containers/strange": {
            "properties": {"publicAccess": "None", "metadata": {"a": "b"}}
        },
    }


def test_body_of_wrong_types_is_refused_and_names_the_property(arm: ArmHttp, storage: str) -> None:
    path = f"{storage}/managementPolicies/default"
    status, answer = arm.call("PUT", path, {"properties": {"policy": {"rules": [{"name": "r", "definition": []}]}}})
    assert (status, answer["error"]) == (
        400,
        {
            "code": "InvalidRequestContent",
            "message": "The request content was invalid: properties.policy.rules[0].definition must be an object.",
        },
    )


def test_no_body_of_a_record_is_answered_with_an_error_of_the_services_own(arm: ArmHttp, storage: str) -> None:
    random_ = random.Random(12)
    for path, right in bodies(storage).items():
        for place in places(right):
            for value in random_.sample(STRANGE, 4):
                body = changed(copy.deepcopy(right), place, value)
                status, answer = arm.call("PUT", path, body)
                assert status != 500, (path, body)
                assert status < 400 or set(answer) == {"error"}, (path, body)


def test_no_request_to_the_admin_side_is_answered_with_an_error_of_the_services_own(
    arm: ArmHttp, service: Status
) -> None:
    before = service.set_chaos()
    values = [*STRANGE, 10**30, 1e20, -1e308, float("inf"), float("nan"), "é" * 5000]
    for path, method in (("/-/chaos", "PUT"), ("/-/preemptions", "POST")):
        for value in values:
            bodies = [
                value,
                *({name: value} for name in ("like", "boot_seconds", "seed", "strict_pool_puts", "node", "")),
            ]
            for body in bodies:
                status, answer = arm.call(method, path, body)
                assert status != 500, (path, body)
                assert status < 400 or set(answer) == {"error"}, (path, body)
    service.set_chaos(**before)


def test_body_that_is_too_long_or_too_deep_is_refused_in_the_form_of_its_plane(arm: ArmHttp, service: Status) -> None:
    deep: Any = "x"
    for _ in range(500):
        deep = [deep]
    arm_requests: list[Any] = [{"location": "x" * (5 << 20)}, {"location": "westeurope", "tags": {"a": deep}}]
    answers = [arm.call("PUT", "", body) for body in arm_requests]
    assert [(status, answer["error"]["code"]) for status, answer in answers] == [
        (413, "RequestContentTooLarge"),
        (400, "InvalidRequestContent"),
    ]
    with pytest.raises(BadInput, match="exceeds the maximum permitted"):
        service.set_chaos(seed="x" * (2 << 20))
    with pytest.raises(BadInput, match="not syntactically valid"):
        service.set_chaos(seed=deep)
    assert service.set_chaos()["seed"] == 0
