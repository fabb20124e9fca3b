"""Bodies checked against ARM's definitions, rule by rule."""

from dataclasses import replace
from typing import Any

import pytest

from shoal.deploy.resources.arm_types.body_faults import BodyRule, faults
from shoal.deploy.resources.arm_types.nesting import writable
from shoal.deploy.resources.arm_types.refusals import refusals, refuse
from shoal.deploy.resources.arm_types.type_definition import arm_type, definition
from shoal.deploy.resources.properties import UNKNOWN
from shoal.deploy.resources.resource_type import Autoname, ResourceType
from shoal.deploy.resources.resource_types import TYPES
from shoal.errors import BadInput

STORAGE = TYPES["azure-native:storage:StorageAccount"]
VALID = {
    "resourceGroupName": "g",
    "accountName": "store",
    "location": "westeurope",
    "kind": "StorageV2",
    "sku": {"name": "Standard_LRS"},
    "tags": {"team": "risk"},
    "minimumTlsVersion": "TLS1_2",
}
GROUP_PATH = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers"


def kind(module: str, name: str, path: str, version: str) -> ResourceType:
    return ResourceType(
        token=f"azure-native:{module}:{name}",
        path=f"{GROUP_PATH}/{path}",
        api_version=version,
        autoname=Autoname.COPY,
    )


NETWORK = kind("network", "VirtualNetwork", "Microsoft.Network/virtualNetworks/{virtualNetworkName}", "2024-05-01")
WORKSPACE = kind(
    "operationalinsights", "Workspace", "Microsoft.OperationalInsights/workspaces/{workspaceName}", "2023-09-01"
)
ALERT = kind("monitor", "MetricAlert", "Microsoft.Insights/metricAlerts/{ruleName}", "2018-03-01")
CRITERION = {
    "criterionType": "StaticThresholdCriterion",
    "name": "unusable",
    "metricName": "UnusableNodeCount",
    "operator": "GreaterThan",
    "threshold": 0.5,
    "timeAggregation": "Total",
}
RULE: dict[str, Any] = {
    "location": "global",
    "enabled": True,
    "evaluationFrequency": "PT5M",
    "windowSize": "PT5M",
    "scopes": ["/account"],
    "severity": 2,
    "criteria": {
        "odataType": "Microsoft.Azure.Monitor.MultipleResourceMultipleMetricCriteria",
        "allOf": [CRITERION],
    },
}


def test_valid_resource_has_no_fault() -> None:
    assert refusals(STORAGE, VALID) == []


@pytest.mark.parametrize(
    ("changes", "rule", "refusal"),
    [
        ({"kind": None}, BodyRule.REQUIRED, "kind is missing"),
        ({"sku": {}}, BodyRule.REQUIRED, "sku.name is missing"),
        (
            {"allowBlobAccess": False},
            BodyRule.KNOWN,
            "allowBlobAccess is not known to Azure; did you mean allowBlobPublicAccess?",
        ),
        ({"zzz": 1}, BodyRule.KNOWN, "zzz is not known to Azure"),
        ({"primaryLocation": "x"}, BodyRule.WRITABLE, "primaryLocation is set by Azure; leave it out"),
        ({"id": "/x"}, BodyRule.WRITABLE, "id is set by Azure; leave it out"),
        ({"kind": "Storage2"}, BodyRule.ENUM, "kind is 'Storage2'; it must be BlobStorage, BlockBlobStorage, "),
        ({"accountName": "ab"}, BodyRule.LENGTH, "accountName is 'ab'; it must have at least 3 characters"),
        ({"accountName": "a" * 25}, BodyRule.LENGTH, "it must have at most 24 characters"),
        ({"accountName": "My-Store"}, BodyRule.PATTERN, "accountName is 'My-Store'; it must match ^[a-z0-9]+$"),
        ({"location": 7}, BodyRule.TYPE, "location is 7; it must be text"),
        ({"tags": {"team": True}}, BodyRule.TYPE, "tags.team is true; it must be text"),
        ({"tags": ["team"]}, BodyRule.TYPE, "tags is a list of 1; it must be an object"),
        ({"isHnsEnabled": "yes"}, BodyRule.TYPE, "isHnsEnabled is 'yes'; it must be true or false"),
        ({"enableHttpsTrafficOnly": 1}, BodyRule.TYPE, "enableHttpsTrafficOnly is 1; it must be true or false"),
        ({"keyPolicy": {"keyExpirationPeriodInDays": 1.5}}, BodyRule.TYPE, "is 1.5; it must be a whole number"),
        ({"networkRuleSet": {"ipRules": {}}}, BodyRule.TYPE, "networkRuleSet.ipRules is an object; it must be a list"),
        (
            {"immutableStorageWithVersioning": {"immutabilityPolicy": {"immutabilityPeriodSinceCreationInDays": 0}}},
            BodyRule.BOUNDS,
            "immutabilityPeriodSinceCreationInDays is 0; it must be at least 1",
        ),
        (
            {"immutableStorageWithVersioning": {"immutabilityPolicy": {"immutabilityPeriodSinceCreationInDays": 1e6}}},
            BodyRule.TYPE,
            "it must be a whole number",
        ),
        (
            {
                "immutableStorageWithVersioning": {
                    "immutabilityPolicy": {"immutabilityPeriodSinceCreationInDays": 10**6}
                }
            },
            BodyRule.BOUNDS,
            "it must be at most 146000",
        ),
    ],
)
def test_one_thing_wrong_is_one_sentence(changes: dict[str, Any], rule: BodyRule, refusal: str) -> None:
    inputs = {**VALID, "networkRuleSet": {"defaultAction": "Deny"}, **changes}
    if "networkRuleSet" in changes:
        inputs["networkRuleSet"] = {"defaultAction": "Deny", **changes["networkRuleSet"]}
    (found,) = refusals(STORAGE, inputs)
    assert refusal in found
    body = STORAGE.body(inputs)
    name = inputs["accountName"]
    assert [fault.rule for fault in faults(STORAGE.definition, body, name=name)] == [rule]


def test_list_that_is_too_long_is_at_fault() -> None:
    body = {
        "properties": {
            "amount": 100,
            "category": "Cost",
            "timeGrain": "Monthly",
            "timePeriod": {"startDate": "2026-09-01"},
            "notifications": {
                "most": {"enabled": True, "operator": "GreaterThan", "threshold": 80, "contactEmails": ["a"] * 51}
            },
        }
    }
    (fault,) = faults(TYPES["azure-native:consumption:Budget"].definition, body)
    assert (fault.rule, fault.value, fault.demand) == (BodyRule.LENGTH, "a list of 51", "it must have at most 50 items")
    assert fault.path == ("properties", "notifications", "most", "contactEmails")


def test_what_only_a_deployment_will_know_is_let_through_but_its_name_is_not() -> None:
    unknown = {**VALID, "accountName": UNKNOWN, "kind": UNKNOWN, "sku": UNKNOWN, "location": UNKNOWN}
    assert refusals(STORAGE, unknown) == []
    assert refusals(STORAGE, {**unknown, "kinds": UNKNOWN}) == ["kinds is not known to Azure; did you mean kind?"]


def test_variant_has_the_properties_of_its_own() -> None:
    assert refusals(ALERT, {"ruleName": "r", **RULE}) == []


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"criterionType": "Static"}, "criteria.allOf[0].criterionType is 'Static'; it must be DynamicThreshold"),
        ({"criterionType": ["Static"]}, "criteria.allOf[0].criterionType is a list of 1; it must be DynamicThreshold"),
        ({"criterionType": None}, "criteria.allOf[0].criterionType is missing"),
        ({"threshold": "1"}, "criteria.allOf[0].threshold is '1'; it must be a number"),
        ({"threshold": None}, "criteria.allOf[0].threshold is missing"),
        ({"metricName": None}, "criteria.allOf[0].metricName is missing"),
        ({"alertSensitivity": "High"}, "criteria.allOf[0].alertSensitivity is not known to Azure"),
    ],
)
def test_fault_in_a_variant_is_found(changes: dict[str, Any], refusal: str) -> None:
    criteria = {**RULE["criteria"], "allOf": [{**CRITERION, **changes}]}
    (found,) = refusals(ALERT, {"ruleName": "r", **RULE, "criteria": criteria})
    assert found.startswith(refusal)


def test_fault_within_a_flattened_envelope_is_named_as_the_program_has_it() -> None:
    inputs = {
        "virtualNetworkName": "v",
        "location": "westeurope",
        "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
        "subnets": [{"name": "nodes", "addressPrefx": "10.0.0.0/24"}],
    }
    (refusal,) = refusals(NETWORK, inputs)
    assert refusal.startswith("subnets[0].addressPrefx is not known to Azure")


def test_fault_in_what_azure_native_names_otherwise_is_named_as_the_program_has_it() -> None:
    rules = {"defaultAction": "Deny", "ipRules": [{"iPAddressOrRange": 7}]}
    assert refusals(STORAGE, {**VALID, "networkRuleSet": rules}) == [
        "networkRuleSet.ipRules[0].iPAddressOrRange is 7; it must be text"
    ]


def test_name_may_be_said_again_in_the_body() -> None:
    body = {"name": "v", "location": "westeurope", "properties": {}}
    assert faults(NETWORK.definition, body) == []


def test_secrets_are_not_shown() -> None:
    pool = TYPES["azure-native:batch:Pool"]
    password = {"userAccounts": [{"name": "a", "password": ["hunter2"]}]}
    assert refusals(pool, password) == ["userAccounts[0].password is '[secret]'; it must be text"]
    assert refusals(pool, {"displayName": 123456}, {"displayName"}) == ["displayName is [secret]; it must be text"]


def test_several_faults_are_one_error_with_a_line_each() -> None:
    with pytest.raises(BadInput) as raised:
        refuse(STORAGE, {**VALID, "location": None, "zzz": 1})
    assert str(raised.value) == "Azure would refuse it:\n  location is missing\n  zzz is not known to Azure"


def test_what_only_azure_says_is_taken_out_of_what_it_returns() -> None:
    table = definition("Microsoft.Batch/batchAccounts", "2024-07-01")
    assert table is not None
    found = {
        "id": "/a",
        "location": "westeurope",
        "properties": {"autoStorage": {"storageAccountId": "/s", "lastKeySync": "2026"}, "poolQuota": 100},
    }
    assert writable(table, found) == {
        "location": "westeurope",
        "properties": {"autoStorage": {"storageAccountId": "/s"}},
    }


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (STORAGE.path, "Microsoft.Storage/storageAccounts"),
        (TYPES["azure-native:resources:ResourceGroup"].path, "Microsoft.Resources/resourceGroups"),
        (TYPES["azure-native:authorization:RoleAssignment"].path, "Microsoft.Authorization/roleAssignments"),
        (TYPES["azure-native:storage:BlobContainer"].path, "Microsoft.Storage/storageAccounts/blobServices/containers"),
    ],
)
def test_type_is_read_from_the_path(path: str, expected: str) -> None:
    assert arm_type(path) == expected


def test_type_without_a_table_is_not_guessed() -> None:
    with pytest.raises(LookupError, match=r"no table of Microsoft\.Batch/batchAccounts in version 1999-01-01"):
        _ = replace(TYPES["azure-native:batch:BatchAccount"], api_version="1999-01-01").definition
