"""Drift, which the stand-in provider must tell from properties that the service sets itself."""

from typing import Any

import pytest

from shoal.deploy.pulumi.plugins.resource_inputs import actual_inputs, inputs_to_import
from shoal.deploy.resources.resource_types import TYPES

POOL = TYPES["azure-native:batch:Pool"]
ROLE = TYPES["azure-native:authorization:RoleAssignment"]
ID = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Batch/batchAccounts/a/pools/p"
ASKED = {
    "resourceGroupName": "g",
    "accountName": "a",
    "poolName": "p",
    "vmSize": "standard_d2s_v3",
    "scaleSettings": {"fixedScale": {"targetLowPriorityNodes": 3}},
    "applicationPackages": [{"id": "/apps/VAR", "version": "1"}],
}
FOUND = {
    "vmSize": "STANDARD_D2S_V3",
    "taskSlotsPerNode": 1,
    "scaleSettings": {"fixedScale": {"targetLowPriorityNodes": 3, "resizeTimeout": "PT15M"}},
    "applicationPackages": [{"id": "/apps/var", "version": "1"}],
}


def read(**changes: Any) -> dict[str, Any]:
    return actual_inputs(POOL, ASKED, {"id": ID, "name": "p", "properties": {**FOUND, **changes}})


def test_defaults_of_the_service_and_its_spelling_are_no_drift() -> None:
    assert read() == ASKED


@pytest.mark.parametrize(
    ("name", "found", "expected"),
    [
        ("scaleSettings", {"fixedScale": {"targetLowPriorityNodes": 1}}, {"fixedScale": {"targetLowPriorityNodes": 1}}),
        ("applicationPackages", [], []),
        ("vmSize", "standard_d4s_v3", "standard_d4s_v3"),
    ],
)
def test_what_differs_from_what_was_asked_for_is_drift(name: str, found: Any, expected: Any) -> None:
    assert read(**{name: found}) == {**ASKED, name: expected}


def test_imported_resource_has_its_path_and_all_that_a_program_may_say() -> None:
    identity = {"type": "UserAssigned", "userAssignedIdentities": {"/i": {"clientId": "c"}}}
    resource = {"id": ID, "name": "p", "identity": identity, "properties": {**FOUND, "allocationState": "Steady"}}
    assert inputs_to_import(POOL, resource) == {
        **FOUND,
        "resourceGroupName": "g",
        "accountName": "a",
        "poolName": "p",
        "identity": {"type": "UserAssigned", "userAssignedIdentities": ["/i"]},
    }


def test_scope_of_a_role_keeps_its_slash() -> None:
    id_ = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Authorization/roleAssignments/r"
    assert ROLE.parameters_of(id_) == {"scope": "/subscriptions/s/resourceGroups/g", "roleAssignmentName": "r"}
