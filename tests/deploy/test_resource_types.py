import pytest

from shoal.deploy.pulumi.plugins.resource_inputs import known_inputs
from shoal.deploy.resources.properties import UNKNOWN
from shoal.deploy.resources.resource_types import TYPES
from shoal.errors import BadInput

POOL = TYPES["azure-native:batch:Pool"]
STORAGE = TYPES["azure-native:storage:StorageAccount"]
GROUP = TYPES["azure-native:resources:ResourceGroup"]
ROLE = TYPES["azure-native:authorization:RoleAssignment"]
NETWORK = TYPES["azure-native:network:VirtualNetwork"]
ALERT = TYPES["azure-native:monitor:MetricAlert"]
WORKSPACE = TYPES["azure-native:operationalinsights:Workspace"]
SETTING = TYPES["azure-native:monitor:DiagnosticSetting"]


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


def test_outputs_are_flat_where_only_azure_says_anything() -> None:
    identity = TYPES["azure-native:managedidentity:UserAssignedIdentity"]
    assert identity.outputs({"id": "/i", "properties": {"principalId": "p"}}) == {"principalId": "p"}


def test_groups_keep_their_properties_apart() -> None:
    resource = {"id": "/g", "name": "g", "properties": {"provisioningState": "Succeeded"}}
    assert GROUP.outputs(resource) == {"name": "g", "properties": {"provisioningState": "Succeeded"}}


@pytest.mark.parametrize("token", TYPES)
def test_table_names_only_what_the_sdk_knows(token: str) -> None:
    known, kind = known_inputs(token), TYPES[token]
    assert {*kind.parameters, *kind.replaced_by} <= known
    assert kind.located == ("location" in known)


def test_items_of_a_list_have_the_envelope_that_arm_gives_them() -> None:
    inputs = {"subnets": [{"name": "nodes", "addressPrefix": "10.0.0.0/24", "natGateway": {"id": "/n"}}]}
    assert NETWORK.body(inputs) == {
        "properties": {
            "subnets": [{"name": "nodes", "properties": {"addressPrefix": "10.0.0.0/24", "natGateway": {"id": "/n"}}}]
        }
    }
    assert NETWORK.outputs(NETWORK.body(inputs)) == inputs
    assert NETWORK.body({"subnets": UNKNOWN}) == {"properties": {"subnets": UNKNOWN}}


def test_kind_of_an_alerts_criteria_is_spelt_with_a_dot_in_arm() -> None:
    inputs = {"criteria": {"odataType": "x", "allOf": [{"metricName": "CoreCount"}]}}
    assert ALERT.body(inputs)["properties"]["criteria"] == {"odata.type": "x", "allOf": [{"metricName": "CoreCount"}]}
    assert ALERT.outputs(ALERT.body(inputs)) == inputs


def test_price_of_a_workspace_is_among_its_properties() -> None:
    assert WORKSPACE.body({"location": "westeurope", "sku": {"name": "PerGB2018"}}) == {
        "location": "westeurope",
        "properties": {"sku": {"name": "PerGB2018"}},
    }


def test_setting_of_a_scope_is_found_by_its_id() -> None:
    id_ = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Batch/batchAccounts/a"
    setting = f"{id_}/providers/Microsoft.Insights/diagnosticSettings/logs"
    assert SETTING.parameters_of(setting) == {"resourceUri": id_, "name": "logs"}


def test_words_within_an_input_are_spelt_as_in_arm_and_back() -> None:
    rules = {
        "defaultAction": "Deny",
        "ipRules": [{"iPAddressOrRange": "203.0.113.7"}],
        "virtualNetworkRules": [{"virtualNetworkResourceId": "/subnets/s"}],
    }
    in_arm = {
        "defaultAction": "Deny",
        "ipRules": [{"value": "203.0.113.7"}],
        "virtualNetworkRules": [{"id": "/subnets/s"}],
    }
    body = STORAGE.body({"networkRuleSet": rules})
    assert body == {"properties": {"networkAcls": in_arm}}
    assert STORAGE.outputs(body) == {"networkRuleSet": rules}
