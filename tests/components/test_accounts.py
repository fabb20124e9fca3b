"""The accounts of a stack: who reaches them from where, how long blobs are kept, what they are tagged."""

from pathlib import Path
from typing import Any, cast

import pulumi
import pytest

from components.accounts.account_names import container_prefix
from components.accounts.account_quotas import Quotas, demand, shortfalls
from components.accounts.batch_account import BatchAccount, BatchAccountArgs
from components.accounts.job_storage import JobStorage, JobStorageArgs
from components.accounts.network_rules import address_fault, storage_rules
from components.tags import tags_faults
from shoal.environment import Authentication
from tests.components.test_environment import declare
from tests.programs import record

SUBNET = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/n/subnets/nodes"
CLOSED: dict[str, Any] = {"allowed_addresses": ["203.0.113.7"], "allowed_subnets": [SUBNET]}
SOMEONE = "6f1c1b8e-3a55-4d7c-9c3f-0d5a2f7be101"
CONTAINERS = ("inputs", "outputs", "logs")
WITHOUT_PACKAGES: dict[str, Any] = {"packages": [], "pools": []}
OPEN = {"defaultAction": "Allow", "bypass": "AzureServices", "ipRules": [], "virtualNetworkRules": []}


def test_accounts_are_open_to_all_networks_unless_told_otherwise(project: Path) -> None:
    recording = declare(project)
    account = recording.only("batch:BatchAccount").inputs
    store = recording.only("storage:StorageAccount").inputs
    assert (account["publicNetworkAccess"], store["publicNetworkAccess"]) == ("Enabled", "Enabled")
    assert account["networkProfile"]["accountAccess"] == {"defaultAction": "Allow", "ipRules": []}
    assert store["networkRuleSet"] == OPEN


def test_addresses_without_subnets_close_the_batch_account_only_and_let_its_nodes_report(project: Path) -> None:
    recording = declare(project, allowed_addresses=["203.0.113.0/24"])
    profile = recording.only("batch:BatchAccount").inputs["networkProfile"]
    assert profile == {
        "accountAccess": {"defaultAction": "Deny", "ipRules": [{"action": "Allow", "value": "203.0.113.0/24"}]},
        "nodeManagementAccess": {"defaultAction": "Allow"},
    }
    assert recording.only("storage:StorageAccount").inputs["networkRuleSet"] == OPEN


def test_addresses_with_subnets_close_the_storage_too(project: Path) -> None:
    recording = declare(project, allowed_addresses=["203.0.113.7"], allowed_subnets=[SUBNET], **WITHOUT_PACKAGES)
    assert recording.only("storage:StorageAccount").inputs["networkRuleSet"] == {
        "defaultAction": "Deny",
        "bypass": "AzureServices",
        "ipRules": [{"action": "Allow", "iPAddressOrRange": "203.0.113.7"}],
        "virtualNetworkRules": [{"action": "Allow", "virtualNetworkResourceId": SUBNET}],
    }


@pytest.mark.parametrize("authentication", Authentication)
def test_packages_of_a_stack_with_closed_storage_are_in_an_open_account_that_takes_no_keys(
    project: Path, authentication: Authentication
) -> None:
    recording = declare(project, **CLOSED, authentication=authentication)
    accounts = {one.name: one.inputs for one in recording.of_type("storage:StorageAccount")}
    job, packages = accounts["shoal-storage-account"], accounts["shoal-packages-account"]
    assert job["networkRuleSet"]["defaultAction"] == "Deny"
    assert packages["networkRuleSet"] == OPEN
    assert (packages["publicNetworkAccess"], packages["allowSharedKeyAccess"]) == ("Enabled", False)
    assert (packages["allowBlobPublicAccess"], packages["minimumTlsVersion"]) == (False, "TLS1_2")
    assert packages["accountName"] != job["accountName"]
    linked = recording.only("batch:BatchAccount").inputs["autoStorage"]
    assert linked["storageAccountId"].endswith("/shoal-packages-account")
    assert linked["authenticationMode"] == "BatchAccountManagedIdentity"
    assert recording.outputs["package_storage_account"] == "shoal-packages-account"
    assert recording.outputs["storage_account"] == "mystorage"
    assert {one.inputs["accountName"] for one in recording.of_type("storage:BlobContainer")} == {"mystorage"}


def test_whoever_deals_with_packages_has_the_role_where_they_are_and_no_other_on_the_job_storage(project: Path) -> None:
    deployers = [{"principal_id": SOMEONE, "principal_type": "User"}]
    granted = {
        (role.inputs["principalId"], role.inputs["scope"].rsplit("/", 1)[-1])
        for role in declare(project, **CLOSED, deployers=deployers).of_type("authorization:RoleAssignment")
    }
    nodes = "principal-of-mybatch-nodes"
    assert granted == {
        ("principal-of-mybatch-account", "shoal-packages-account"),
        (SOMEONE, "shoal-packages-account"),
        *((nodes, scope) for scope in ("shoal-packages-account", "shoal-storage-account")),
        *((nodes, scope) for scope in ("shoal-storage-outputs", "shoal-storage-logs")),
    }


@pytest.mark.parametrize(
    "changes",
    [{}, {"allowed_addresses": ["203.0.113.7"]}, {**WITHOUT_PACKAGES, **CLOSED}],
    ids=["open", "addresses do not close it alone", "no packages"],
)
def test_stack_that_needs_no_account_for_packages_has_one_account(project: Path, changes: dict[str, Any]) -> None:
    recording = declare(project, **changes)
    storage = recording.only("storage:StorageAccount")
    assert recording.outputs["package_storage_account"] == storage.name
    assert recording.only("batch:BatchAccount").inputs["autoStorage"]["storageAccountId"].endswith(storage.name)


def test_accounts_without_public_access_are_reached_through_private_endpoints_only() -> None:
    def program() -> None:
        shared: dict[str, Any] = {
            "resource_group_name": "g",
            "location": "westeurope",
            "account_name": "mine",
            "authentication": Authentication.ENTRA,
            "public_network_access": False,
        }
        store = JobStorage("s", cast(JobStorageArgs, {**shared, "outputs_expire_after_days": 3}))
        containers = {f"{name}_container_id": getattr(store, f"{name}_container_id") for name in CONTAINERS}
        BatchAccount("b", cast(BatchAccountArgs, {**shared, **containers, "storage_account_id": store.account_id}))

    recording = record(program)
    assert recording.only("batch:BatchAccount").inputs["publicNetworkAccess"] == "Disabled"
    assert recording.only("storage:StorageAccount").inputs["publicNetworkAccess"] == "Disabled"


def test_ranges_that_storage_does_not_take_are_given_address_by_address() -> None:
    rules = storage_rules(["203.0.113.7/32", "203.0.113.8/31", "203.0.113.12/30"], [])
    assert rules["ip_rules"] == [
        {"action": "Allow", "i_p_address_or_range": text}
        for text in ("203.0.113.7", "203.0.113.8", "203.0.113.9", "203.0.113.12/30")
    ]


@pytest.mark.parametrize(
    ("address", "fault"),
    [
        ("203.0.113.7", None),
        ("203.0.113.0/24", None),
        ("203.0.113.7/24", "it must be a public IPv4 address, or a range"),
        ("2001:db8::1", "it must be a public IPv4 address, or a range"),
        ("office", "it must be a public IPv4 address, or a range"),
        ("10.1.2.3", "it is a private address"),
        ("192.168.0.0/24", "it is a private address"),
    ],
)
def test_address_is_public_and_of_ipv4(address: str, fault: str | None) -> None:
    found = address_fault(address)
    assert found == fault if fault is None else (found or "").startswith(fault)


def test_deleted_blobs_can_be_got_back_for_the_days_that_are_given(project: Path) -> None:
    service = declare(project, soft_delete_days=7).only("storage:BlobServiceProperties").inputs
    assert service["deleteRetentionPolicy"] == {"enabled": True, "days": 7}
    assert service["containerDeleteRetentionPolicy"] == {"enabled": True, "days": 7}
    assert service["blobServicesName"] == "default"


def test_soft_delete_that_is_turned_off_is_said_so(project: Path) -> None:
    service = declare(project, soft_delete_days=0).only("storage:BlobServiceProperties").inputs
    assert service["deleteRetentionPolicy"] == {"enabled": False}


def test_inputs_are_immutable_only_where_asked(project: Path) -> None:
    assert declare(project).of_type("storage:BlobContainerImmutabilityPolicy") == []
    policy = declare(project, inputs_immutable_for_days=30).only("storage:BlobContainerImmutabilityPolicy").inputs
    assert (policy["containerName"], policy["immutabilityPolicyName"]) == ("inputs", "default")
    assert policy["immutabilityPeriodSinceCreationInDays"] == 30


def test_storage_is_not_replicated_to_other_tenants_and_has_the_copies_that_are_asked_for(project: Path) -> None:
    account = declare(project, storage_sku="Standard_ZRS").only("storage:StorageAccount").inputs
    assert account["allowCrossTenantReplication"] is False
    assert account["sku"] == {"name": "Standard_ZRS"}
    assert declare(project).only("storage:StorageAccount").inputs["sku"] == {"name": "Standard_LRS"}


def test_everything_that_costs_is_tagged_with_its_project_and_stack(project: Path) -> None:
    recording = declare(project, tags={"team": "risk", "shoal-stack": "mine"})
    for kind in ("resources:ResourceGroup", "storage:StorageAccount", "batch:BatchAccount"):
        assert recording.only(kind).inputs["tags"] == {
            "managed-by": "shoal",
            "shoal-project": "shoal",
            "shoal-stack": "mine",
            "team": "risk",
        }
    assert all("tags" in one.inputs for one in recording.of_type("managedidentity:UserAssignedIdentity"))


@pytest.mark.parametrize(
    ("name", "value", "is_wrong"),
    [("team", "risk", False), ("a/b", "x", True), ("", "x", True), ("n" * 129, "x", True), ("team", "v" * 257, True)],
)
def test_tag_is_one_that_arm_takes(name: str, value: str, *, is_wrong: bool) -> None:
    assert bool(list(tags_faults({name: value}))) is is_wrong


def test_tags_of_a_stack_leave_room_for_its_own() -> None:
    tags = {f"t{i}": "x" for i in range(48)}
    assert list(tags_faults(tags)) == ["48 tags; Azure allows 50, and 3 are the stack's own, so give at most 47"]
    assert list(tags_faults(dict(list(tags.items())[:47]))) == []


@pytest.mark.parametrize(
    ("project", "stack", "prefix"),
    [
        ("shoal", "dev", "shoal-dev-"),
        ("My_Project", "a.b", "my-project-a-b-"),
        ("p" * 80, "s", "p" * 40 + "-"),
    ],
)
def test_container_prefix_leaves_room_for_a_name_that_azure_takes(project: str, stack: str, prefix: str) -> None:
    found = container_prefix(project, stack)
    assert found.startswith(prefix)
    assert len(found) + len("outputs") <= 63
    assert "--" not in found


@pytest.mark.parametrize(
    ("pool", "quotas", "found"),
    [
        ({}, Quotas(40, 400, 10), []),
        ({}, Quotas(40, 0, 10), ["pool p may have Spot nodes, and the account's quota of Spot cores is 0"]),
        ({}, Quotas(0, 400, 10), ["pool p may have dedicated nodes, and the account's quota of dedicated cores is 0"]),
        (
            {"max_spot_nodes": 10},
            Quotas(40, 39, 10),
            [
                "pool p may have 10 Spot nodes of standard_d4s_v5, which are 40 cores,"
                " and the account's quota of Spot cores is 39, enough for 9 nodes"
            ],
        ),
        (
            {"dedicated_nodes": 3},
            Quotas(10, 0, 10),
            [
                "pool p may have 3 dedicated nodes of standard_d4s_v5, which are 12 cores,"
                " and the account's quota of dedicated cores is 10, enough for 2 nodes"
            ],
        ),
        ({"max_spot_nodes": 10, "max_dedicated_nodes": 0}, Quotas(0, 40, 10), []),
        ({"vm_size": "standard_d4_v9"}, Quotas(1, 1, 10), []),
        ({"spot_nodes": 3}, Quotas(0, 100, 10), []),
        ({"dedicated_nodes": 3}, Quotas(100, 0, 10), []),
        ({"spot_nodes": pulumi.Output.from_input(3)}, Quotas(0, 4, 10), []),
        ({"auto_scale_formula": "1;"}, Quotas(0, 0, 10), []),
        ({}, Quotas(None, None, 0), ["the stack has 1 pools, and the account's quota is 0"]),
    ],
)
def test_quota_that_is_too_small_for_the_nodes_of_a_pool_is_found(
    pool: dict[str, Any], quotas: Quotas, found: list[str]
) -> None:
    assert shortfalls(quotas, [demand("p", {"vm_size": "standard_d4s_v5", **pool})]) == found
