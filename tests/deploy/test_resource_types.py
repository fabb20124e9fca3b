from importlib import import_module

import pytest

from shoal.deploy.resource_types import TYPES
from shoal.errors import BadInput

POOL = TYPES["azure-native:batch:Pool"]
STORAGE = TYPES["azure-native:storage:StorageAccount"]
GROUP = TYPES["azure-native:resources:ResourceGroup"]
ROLE = TYPES["azure-native:authorization:RoleAssignment"]


def test_id_is_the_path_with_its_parameters() -> None:
    inputs = {"resourceGroupName": "g", "accountName": "a", "poolName": "p", "vmSize": "x"}
    assert POOL.arm_id("s", inputs) == (
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Batch/batchAccounts/a/pools/p"
    )


def test_role_is_named_below_its_scope() -> None:
    inputs = {"scope": "/subscriptions/s/resourceGroups/g", "roleAssignmentName": "r"}
    assert ROLE.arm_id("other", inputs) == (
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Authorization/roleAssignments/r"
    )


def test_id_without_a_parameter_is_refused_by_its_name() -> None:
    with pytest.raises(BadInput, match="azure-native:batch:Pool needs resourceGroupName, accountName"):
        POOL.arm_id("s", {"poolName": "p"})


def test_body_has_arms_envelope_and_spelling() -> None:
    inputs = {
        "resourceGroupName": "g",
        "accountName": "a",
        "location": "westeurope",
        "sku": {"name": "Standard_LRS"},
        "enableHttpsTrafficOnly": True,
    }
    assert STORAGE.body(inputs) == {
        "location": "westeurope",
        "sku": {"name": "Standard_LRS"},
        "properties": {"supportsHttpsTrafficOnly": True},
    }


def test_identities_are_a_map_for_arm() -> None:
    body = POOL.body({"identity": {"type": "UserAssigned", "userAssignedIdentities": ["/a", "/b"]}})
    assert body["identity"] == {"type": "UserAssigned", "userAssignedIdentities": {"/a": {}, "/b": {}}}


def test_outputs_are_flat_and_in_the_programs_spelling() -> None:
    resource = {"id": "/a", "name": "a", "properties": {"supportsHttpsTrafficOnly": True, "primaryLocation": "x"}}
    assert STORAGE.outputs(resource) == {"name": "a", "enableHttpsTrafficOnly": True, "primaryLocation": "x"}


def test_groups_keep_their_properties_apart() -> None:
    resource = {"id": "/g", "name": "g", "properties": {"provisioningState": "Succeeded"}}
    assert GROUP.outputs(resource) == {"name": "g", "properties": {"provisioningState": "Succeeded"}}


@pytest.mark.parametrize("token", TYPES)
def test_table_names_only_what_the_sdk_knows(token: str) -> None:
    _, module, name = token.split(":")
    arguments = getattr(import_module(f"pulumi_azure_native.{module}"), f"{name}Args")
    properties = {key: value for key, value in vars(arguments).items() if isinstance(value, property)}
    known = {getattr(value.fget, "_pulumi_name", key) for key, value in properties.items()}
    kind = TYPES[token]
    assert {*kind.parameters, *kind.replaced_by, *kind.renamed} <= known
    assert kind.located == ("location" in known)
