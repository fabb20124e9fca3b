"""Accounts that exist already: used, checked, and neither made nor changed."""

from pathlib import Path
from typing import Any

import pytest

from components.accounts.account_names import container_prefix
from components.component_errors import SettingsError
from shoal.environment import Authentication
from tests.components.test_environment import declare
from tests.programs import SUBSCRIPTION, Recording

POOL = {"name": "spot", "vm_size": "standard_d2s_v3", "image": "ubuntu-24.04"}
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/theirs"
BATCH = f"{GROUP}/providers/Microsoft.Batch/batchAccounts/theirbatch"
STORAGE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/theirstore"
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/packages"
AUTO_STORAGE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/theirpackages"
ACCOUNT = {
    "id": BATCH,
    "name": "theirbatch",
    "location": "westeurope",
    "accountEndpoint": "theirbatch.westeurope.batch.azure.com",
    "allowedAuthenticationModes": ["AAD"],
    "autoStorage": {"storageAccountId": AUTO_STORAGE, "nodeIdentityReference": {"resourceId": IDENTITY}},
    "dedicatedCoreQuota": 10,
    "lowPriorityCoreQuota": 20,
    "poolQuota": 5,
    "activeJobAndJobScheduleQuota": 100,
}
STORE = {
    "id": STORAGE,
    "name": "theirstore",
    "location": "westeurope",
    "kind": "StorageV2",
    "primaryEndpoints": {"blob": "https://theirstore.blob.core.windows.net/"},
}

SOMEONE = "6f1c1b8e-3a55-4d7c-9c3f-0d5a2f7be101"


def adopting(
    project: Path, *, account: dict[str, Any] | None = None, store: dict[str, Any] | None = None, **changes: Any
) -> Recording:
    """A stack that adopts what is given."""
    names = {"batch_account": "", "storage_account": ""}
    if account is not None:
        names["batch_account_id"] = account["id"]
    if store is not None:
        names["storage_account_id"] = store["id"]
    there = {
        "azure-native:batch:getBatchAccount": account or {},
        "azure-native:storage:getStorageAccount": store or {},
        "azure-native:storage:getStorageAccount theirpackages": {"isHnsEnabled": False},
        "azure-native:resources:getResourceGroup": {"name": "theirs"},
    }
    return declare(project, there=there, **{**names, **changes})


def test_adopted_batch_account_is_not_made_and_gets_packages_and_pools_in_its_group(project: Path) -> None:
    recording = adopting(project, account=ACCOUNT)
    assert recording.of_type("batch:BatchAccount") == []
    for kind in ("batch:Application", "batch:ApplicationPackage", "batch:Pool"):
        inputs = recording.only(kind).inputs
        assert (inputs["resourceGroupName"], inputs["accountName"]) == ("theirs", "theirbatch")
    assert recording.outputs["resource_group"] == "theirs"
    assert recording.outputs["batch_endpoint"] == "https://theirbatch.westeurope.batch.azure.com"
    assert recording.only("resources:ResourceGroup").inputs["resourceGroupName"] == "shoal-dev"
    assert recording.only("storage:StorageAccount").inputs["resourceGroupName"] == "shoal-dev"


@pytest.mark.parametrize(
    ("given", "endpoint"),
    [
        ("theirbatch.westeurope.batch.azure.com", "https://theirbatch.westeurope.batch.azure.com"),
        ("https://theirbatch.westeurope.batch.azure.com", "https://theirbatch.westeurope.batch.azure.com"),
        ("https://theirbatch.westeurope.batch.azure.com/", "https://theirbatch.westeurope.batch.azure.com"),
        ("http://127.0.0.1:4711/theirbatch", "http://127.0.0.1:4711/theirbatch"),
    ],
)
def test_endpoint_of_the_account_may_be_a_host_or_an_address(project: Path, given: str, endpoint: str) -> None:
    """Azure's ARM gives a host name, the embedded service an address."""
    recording = adopting(project, account={**ACCOUNT, "accountEndpoint": given})
    assert recording.outputs["batch_endpoint"] == endpoint


def test_pools_of_an_adopted_account_have_the_identity_by_which_it_gives_packages(project: Path) -> None:
    own, adopted = adopting(project), adopting(project, account=ACCOUNT)
    (nodes,) = own.only("batch:Pool").inputs["identity"]["userAssignedIdentities"]
    assert adopted.only("batch:Pool").inputs["identity"]["userAssignedIdentities"] == [nodes, IDENTITY]
    assert adopted.outputs["node_identity"] == nodes


def test_adopted_storage_gets_containers_of_the_stacks_own_and_is_not_changed(project: Path) -> None:
    recording = adopting(project, store=STORE, soft_delete_days=7)
    kinds = ("StorageAccount", "ManagementPolicy", "BlobServiceProperties", "BlobContainerImmutabilityPolicy")
    assert [one for kind in kinds for one in recording.of_type(f"storage:{kind}")] == []
    containers = [one.inputs for one in recording.of_type("storage:BlobContainer")]
    assert {(one["resourceGroupName"], one["accountName"]) for one in containers} == {("theirs", "theirstore")}
    names = recording.outputs["containers"]
    assert {one["containerName"] for one in containers} == set(names.values())
    assert names["inputs"].startswith("shoal-dev-")
    assert recording.outputs["storage_resource_group"] == "theirs"
    assert recording.outputs["blob_endpoint"] == "https://theirstore.blob.core.windows.net"
    assert recording.only("batch:BatchAccount").inputs["autoStorage"]["storageAccountId"] == STORAGE


def test_account_that_is_adopted_gets_no_role_and_nobody_gets_more_of_it_than_of_an_own_one(project: Path) -> None:
    submitters = [{"principal_id": SOMEONE, "principal_type": "Group"}]
    recording = adopting(project, account=ACCOUNT, store=STORE, submitters=submitters)
    granted = {
        (one.inputs["principalId"], one.inputs["scope"].rsplit("/", 1)[-1])
        for one in recording.of_type("authorization:RoleAssignment")
    }
    nodes = "principal-of-theirbatch-nodes"
    assert granted == {
        *((nodes, scope) for scope in ("theirstore", "shoal-storage-outputs", "shoal-storage-logs")),
        *((SOMEONE, f"shoal-storage-{container}") for container in ("inputs", "outputs", "logs")),
        *((SOMEONE, scope) for scope in ("theirstore", "theirbatch")),
    }


def test_adopted_group_holds_what_the_stack_makes_and_is_not_made(project: Path) -> None:
    recording = adopting(project, resource_group_id=GROUP)
    assert recording.of_type("resources:ResourceGroup") == []
    assert recording.only("batch:BatchAccount").inputs["resourceGroupName"] == "theirs"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"location": "northeurope"},
            "Batch account theirbatch is in northeurope and the stack in westeurope, where its pools would not be; "
            "set location to northeurope",
        ),
        (
            {"allowedAuthenticationModes": ["SharedKey"]},
            "Batch account theirbatch accepts SharedKey, and authentication entra means AAD; "
            "allow it there, or change the key",
        ),
        (
            {"autoStorage": None},
            "Batch account theirbatch has no auto-storage, where packages would be kept; "
            "link a storage account to it, or declare no packages",
        ),
        (
            {"id": BATCH.replace(SUBSCRIPTION, "other")},
            f"is in another subscription than the stack, which is in {SUBSCRIPTION}; "
            "set azure-native:subscriptionId to other, or adopt what is in the stack's",
        ),
    ],
)
def test_batch_account_that_cannot_serve_the_stack_is_refused(
    project: Path, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        adopting(project, account={**ACCOUNT, **change})
    assert message in str(refused.value)


CLOSED: list[dict[str, Any]] = [
    {"networkRuleSet": {"defaultAction": "Deny"}},
    {"publicNetworkAccess": "Disabled"},
    {"publicNetworkAccess": "SecuredByPerimeter"},
]


@pytest.mark.parametrize("closed", CLOSED)
def test_adopted_storage_that_is_closed_gets_an_account_for_packages_beside_it(
    project: Path, closed: dict[str, Any]
) -> None:
    recording = adopting(project, store={**STORE, **closed})
    assert recording.only("storage:StorageAccount").name == "shoal-packages-account"
    assert recording.outputs["storage_account"] == "theirstore"
    assert recording.outputs["package_storage_account"] == "shoal-packages-account"


@pytest.mark.parametrize(
    ("change", "hindrance"),
    [
        *((closed, "network rules, or no public network access") for closed in CLOSED),
        ({"isHnsEnabled": True}, "a hierarchical namespace"),
    ],
)
def test_adopted_batch_account_that_can_keep_no_packages_is_refused_with_the_reason(
    project: Path, change: dict[str, Any], hindrance: str
) -> None:
    there = {
        "azure-native:batch:getBatchAccount": ACCOUNT,
        "azure-native:storage:getStorageAccount": {**STORE, **change},
    }
    with pytest.raises(SettingsError) as refused:
        declare(project, there=there, batch_account="", batch_account_id=BATCH)
    assert str(refused.value) == (
        f"batchAccountId names theirbatch, whose auto-storage theirpackages has {hindrance}, so Batch can keep no "
        "packages there (Learn, Batch application packages, 2026-11); link an open storage account to it that is used "
        "by identity and holds nothing else, leave batchAccountId out, or declare no packages"
    )
    declare(project, there=there, batch_account="", batch_account_id=BATCH, packages=[], pools=[])


def test_batch_account_in_the_same_region_by_its_other_name_is_taken(project: Path) -> None:
    adopting(project, account={**ACCOUNT, "location": "West Europe"})


def test_batch_account_without_auto_storage_serves_a_stack_without_packages(project: Path) -> None:
    pools = [{"name": "spot", "vm_size": "standard_d2s_v3", "image": "ubuntu-24.04", "spot_nodes": 1}]
    adopting(project, account={**ACCOUNT, "autoStorage": None}, packages=[], pools=pools)


@pytest.mark.parametrize(
    ("change", "authentication", "message"),
    [
        ({"kind": "FileStorage"}, Authentication.ENTRA, "is of kind FileStorage, which has no blobs"),
        ({"isHnsEnabled": True}, Authentication.ENTRA, "has a hierarchical namespace, and Batch keeps no packages"),
        ({"allowSharedKeyAccess": False}, Authentication.SHARED_KEY, "takes no keys, and authentication is"),
    ],
)
def test_storage_account_that_cannot_serve_the_stack_is_refused(
    project: Path, change: dict[str, Any], authentication: Authentication, message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        adopting(project, store={**STORE, **change}, authentication=authentication)


def test_hierarchical_namespace_is_no_matter_where_packages_are_kept_elsewhere(project: Path) -> None:
    adopting(project, account=ACCOUNT, store={**STORE, "isHnsEnabled": True})


def test_component_refuses_what_is_no_id(project: Path) -> None:
    with pytest.raises(SettingsError, match="batch_account_id is theirbatch; it must be an ARM id: /subscriptions/"):
        adopting(project, account={**ACCOUNT, "id": "theirbatch"})


def test_pools_name_the_containers_of_the_stack_in_an_adopted_account_by_what_they_are_for(project: Path) -> None:
    files = [{"container": "inputs", "prefix": "setup/"}, {"http_url": "https://example.org/a", "file_path": "a"}]
    pool = {
        "name": "spot",
        "vm_size": "standard_d2s_v3",
        "image": "almalinux-9",
        "mounts": [{"container": "outputs", "mount_path": "out"}, {"container": "theirs", "mount_path": "theirs"}],
        "start_task": {"command_line": "true", "resource_files": files},
    }
    inputs = adopting(project, store=STORE, pools=[pool]).only("batch:Pool").inputs
    mounted = [mount["azureBlobFileSystemConfiguration"]["containerName"] for mount in inputs["mountConfiguration"]]
    prefix = container_prefix("shoal", "dev")
    assert mounted == [f"{prefix}outputs", "theirs"]
    (url, _) = (file.get("storageContainerUrl") for file in inputs["startTask"]["resourceFiles"])
    assert url == f"https://theirstore.blob.core.windows.net/{prefix}inputs"


def test_pool_of_an_adopted_account_comes_after_the_roles_of_its_nodes(project: Path) -> None:
    recording = adopting(project, account=ACCOUNT, packages=[], pools=[POOL])
    (pool,) = (resource for resource in recording.resources if resource.type == "shoal:index:SpotPool")
    names = {urn.rsplit("::", 1)[-1] for urn in pool.dependencies}
    assert {role.name for role in recording.of_type("authorization:RoleAssignment")} <= names


def test_budget_is_of_the_group_where_the_nodes_of_an_adopted_account_are_billed(project: Path) -> None:
    monitoring = {"emails": ["a@example.com"], "monthly_budget": 10}
    recording = adopting(project, account=ACCOUNT, monitoring=monitoring)
    assert recording.only("consumption:Budget").inputs["scope"] == GROUP
