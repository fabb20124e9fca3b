from typing import Any

import pytest

from components.pool.pool_patch import differing, patch_body, patched_properties

ID = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Batch/batchAccounts/a/applications/var"
FORMULA = {"autoScale": {"formula": "$TargetDedicatedNodes = 1;", "evaluationInterval": "PT5M"}}
START = {
    "commandLine": "true",
    "userIdentity": {"autoUser": {"scope": "Pool", "elevationLevel": "NonAdmin"}},
    "environmentSettings": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
}
DECLARED: dict[str, Any] = {
    "scaleSettings": FORMULA,
    "startTask": START,
    "applicationPackages": [{"id": ID, "version": "1"}],
    "metadata": [{"name": "owner", "value": "me"}],
    "tags": {"team": "risk"},
}


@pytest.mark.parametrize(
    "actual",
    [
        {},
        {"scaleSettings": {"autoScale": {"formula": "$TargetDedicatedNodes = 1;", "evaluationInterval": "PT300S"}}},
        {"startTask": {**START, "maxTaskRetryCount": 0, "waitForSuccess": True}},
        {"startTask": {**START, "environmentSettings": START["environmentSettings"][::-1]}},  # type: ignore[index]
        {"startTask": {**START, "userIdentity": {"autoUser": {"scope": "pool", "elevationLevel": "nonadmin"}}}},
        {"applicationPackages": [{"id": ID.lower(), "version": "1"}]},
    ],
)
def test_defaults_order_and_spelling_of_the_service_are_no_difference(actual: dict[str, Any]) -> None:
    assert differing(DECLARED, {**DECLARED, **actual}) == []


@pytest.mark.parametrize(
    ("name", "actual"),
    [
        ("scaleSettings", {"autoScale": {"formula": "$TargetDedicatedNodes = 2;", "evaluationInterval": "PT5M"}}),
        ("scaleSettings", {"autoScale": {"formula": "$targetDedicatedNodes = 1;", "evaluationInterval": "PT5M"}}),
        ("scaleSettings", {"autoScale": {"formula": "$TargetDedicatedNodes = 1;", "evaluationInterval": "PT6M"}}),
        ("scaleSettings", {"fixedScale": {"targetDedicatedNodes": 1}}),
        ("startTask", None),
        ("startTask", {**START, "commandLine": "TRUE"}),
        ("startTask", {**START, "environmentSettings": [{"name": "A", "value": "1"}]}),
        ("startTask", {**START, "resourceFiles": [{"httpUrl": "https://example.com/x", "filePath": "x"}]}),
        ("applicationPackages", []),
        ("applicationPackages", [{"id": ID, "version": "2"}]),
        ("metadata", [{"name": "owner", "value": "you"}]),
        ("metadata", [{"name": "owner", "value": "me"}, {"name": "by", "value": "hand"}]),
        ("tags", {"team": "risk", "by": "hand"}),
        ("tags", None),
    ],
)
def test_difference_is_named_and_alone_in_the_patch(name: str, actual: Any) -> None:
    assert differing(DECLARED, {**DECLARED, name: actual}) == [name]
    wanted = {"properties": {}, "tags": DECLARED["tags"]} if name == "tags" else {"properties": {name: DECLARED[name]}}
    assert patch_body(DECLARED, [name]) == wanted


def test_what_is_no_longer_declared_is_removed() -> None:
    declared = {"scaleSettings": FORMULA, "applicationPackages": []}
    names = differing(declared, DECLARED)
    assert names == ["startTask", "applicationPackages", "metadata", "tags"]
    assert patch_body(declared, names) == {
        "properties": {"startTask": {}, "applicationPackages": [], "metadata": []},
        "tags": {},
    }


def test_pool_of_arm_is_read_with_its_tags_beside_its_properties() -> None:
    properties = {name: value for name, value in DECLARED.items() if name != "tags"}
    resource = {"id": "/p", "tags": DECLARED["tags"], "properties": {**properties, "vmSize": "standard_d2s_v3"}}
    assert patched_properties(resource) == DECLARED
