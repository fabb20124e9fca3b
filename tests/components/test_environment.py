from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import pulumi

from components.environment import Environment
from components.environment_args import EnvironmentArgs
from shoal.environment import Authentication, from_json
from shoal.environment import Environment as Document
from tests.programs import SUBSCRIPTION, Recording, record

SOMEONE = "6f1c1b8e-3a55-4d7c-9c3f-0d5a2f7be101"


def arguments(**changes: Any) -> EnvironmentArgs:
    args: EnvironmentArgs = {
        "location": "westeurope",
        "resource_group": "",
        "batch_account": "mybatch",
        "storage_account": "mystorage",
        "authentication": Authentication.ENTRA,
        "outputs_expire_after_days": 14,
        "deployers": [],
        "submitters": [],
        "packages": [{"name": "var", "directory": "app"}],
        "pools": [
            {
                "name": "spot",
                "vm_size": "standard_d2s_v3",
                "image": "ubuntu-24.04",
                "spot_nodes": 3,
                "packages": ["var"],
            }
        ],
    }
    args.update(changes)  # type: ignore[typeddict-item]  # a test may set any argument
    return args


def declare(project: Path, there: Mapping[str, Mapping[str, Any]] | None = None, **changes: Any) -> Recording:
    def program() -> None:
        for name, value in Environment("shoal", arguments(**changes)).document().items():
            pulumi.export(name, value)

    return record(program, root=str(project), there=there)


def test_stack_exports_exactly_the_environment_document(project: Path) -> None:
    outputs = declare(project).outputs
    assert set(outputs) == {field.name for field in fields(Document)}
    document = from_json(outputs)
    assert document.batch_endpoint == "https://mybatch.westeurope.batch.azure.com"
    assert document.blob_endpoint == "https://mystorage.blob.core.windows.net"
    assert document.arm_endpoint == "https://management.azure.com"
    assert document.authentication is Authentication.ENTRA
    assert document.pools["spot"].id == "spot"
    assert document.packages["var"].application == "var"
    assert document.subscription_id == SUBSCRIPTION


def test_entra_stack_takes_no_key_anywhere(project: Path) -> None:
    recording = declare(project)
    assert recording.only("storage:StorageAccount").inputs["allowSharedKeyAccess"] is False
    account = recording.only("batch:BatchAccount").inputs
    assert account["allowedAuthenticationModes"] == ["AAD"]
    assert account["autoStorage"]["authenticationMode"] == "BatchAccountManagedIdentity"
    assert account["autoStorage"]["nodeIdentityReference"]["resourceId"].endswith("nodes-identity")


def test_shared_key_stack_differs_in_nothing_but_how_clients_prove_themselves(project: Path) -> None:
    entra, keyed = declare(project), declare(project, authentication=Authentication.SHARED_KEY)
    assert {resource.name for resource in keyed.resources} == {resource.name for resource in entra.resources}
    assert keyed.only("storage:StorageAccount").inputs["allowSharedKeyAccess"] is True
    assert keyed.only("batch:BatchAccount").inputs["autoStorage"] == {
        "storageAccountId": entra.only("batch:BatchAccount").inputs["autoStorage"]["storageAccountId"],
        "authenticationMode": "StorageKeys",
    }


def test_storage_is_closed_to_the_public_and_its_outputs_expire(project: Path) -> None:
    recording = declare(project)
    account = recording.only("storage:StorageAccount").inputs
    assert account["allowBlobPublicAccess"] is False
    assert account["minimumTlsVersion"] == "TLS1_2"
    (rule,) = recording.only("storage:ManagementPolicy").inputs["policy"]["rules"]
    assert rule["definition"]["actions"] == {"baseBlob": {"delete": {"daysAfterModificationGreaterThan": 14}}}
    assert rule["definition"]["filters"]["prefixMatch"] == ["outputs/", "logs/"]


def test_nodes_may_read_the_storage_and_write_only_outputs_and_logs(project: Path) -> None:
    granted = {
        (role.inputs["scope"].rsplit("/", 1)[-1], role.inputs["roleDefinitionId"].rsplit("/", 1)[-1])
        for role in declare(project).of_type("authorization:RoleAssignment")
        if role.inputs["principalId"] == "principal-of-mybatch-nodes"
    }
    reader, contributor = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1", "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
    assert granted == {
        ("shoal-storage-account", reader),
        ("shoal-storage-outputs", contributor),
        ("shoal-storage-logs", contributor),
    }


def test_submitters_may_use_the_account_and_its_storage(project: Path) -> None:
    recording = declare(project, submitters=[{"principal_id": SOMEONE, "principal_type": "Group"}])
    roles = [r for r in recording.of_type("authorization:RoleAssignment") if r.inputs["principalId"] == SOMEONE]
    assert len(roles) == 6
    assert {role.inputs["principalType"] for role in roles} == {"Group"}


def test_pool_has_its_packages_by_version_the_identity_and_the_storage(project: Path) -> None:
    mounts = [{"container": "inputs", "mount_path": "inputs"}]
    pools = [
        {"name": "spot", "vm_size": "standard_d2s_v3", "image": "ubuntu-24.04", "packages": ["var"], "mounts": mounts}
    ]
    recording = declare(project, pools=pools)
    pool = recording.only("batch:Pool").inputs
    version = recording.only("batch:ApplicationPackage").inputs["versionName"]
    assert [package["version"] for package in pool["applicationPackages"]] == [version]
    (identity,) = pool["identity"]["userAssignedIdentities"]
    (mount,) = pool["mountConfiguration"]
    blobs = mount["azureBlobFileSystemConfiguration"]
    assert (blobs["accountName"], blobs["identityReference"]) == ("mystorage", {"resourceId": identity})


def test_accounts_without_a_name_get_the_same_one_in_every_run(project: Path) -> None:
    first, second = (declare(project, batch_account="", storage_account="") for _ in range(2))
    name = first.only("batch:BatchAccount").inputs["accountName"]
    assert name == second.only("batch:BatchAccount").inputs["accountName"]
    assert name == first.only("storage:StorageAccount").inputs["accountName"]
    assert name.startswith("shoaldev")
    assert name.isalnum()
    assert len(name) <= 24


def test_pools_of_a_private_network_are_in_its_subnet_and_have_no_public_address(project: Path) -> None:
    recording = declare(project, network={"private_endpoints": True})
    network = recording.only("batch:Pool").inputs["networkConfiguration"]
    assert network["subnetId"].endswith("shoal-network-vnet/subnets/nodes")
    assert network["publicIPAddressConfiguration"] == {"provision": "NoPublicIPAddresses"}
    targets = [
        connection["privateLinkServiceId"].rsplit("/", 1)[-1]
        for endpoint in recording.of_type("network:PrivateEndpoint")
        for connection in endpoint.inputs["privateLinkServiceConnections"]
    ]
    assert targets == ["shoal-batch-account", "shoal-batch-account", "shoal-storage-account"]


def test_stack_without_network_and_monitoring_has_nothing_of_them(project: Path) -> None:
    recording = declare(project)
    assert "networkConfiguration" not in recording.only("batch:Pool").inputs
    kinds = {
        resource.type.split(":")[1] for resource in recording.resources if resource.type.startswith("azure-native")
    }
    assert not kinds & {"network", "privatedns", "monitor", "operationalinsights", "consumption"}


def test_monitored_stack_watches_its_own_account_and_group(project: Path) -> None:
    recording = declare(project, monitoring={"emails": ["a@example.com"], "monthly_budget": 10})
    assert recording.only("monitor:DiagnosticSetting").inputs["resourceUri"].endswith("shoal-batch-account")
    assert recording.only("consumption:Budget").inputs["scope"].endswith("resourceGroups/shoal-dev")
    thresholds = {
        alert.name: alert.inputs["criteria"]["allOf"][0]["threshold"]
        for alert in recording.of_type("monitor:MetricAlert")
    }
    assert thresholds["shoal-monitoring-low-dedicated-quota"] == 80
    assert thresholds["shoal-monitoring-low-spot-quota"] == 40


def test_pool_that_follows_its_tasks_counts_no_node_beyond_the_spot_quota_as_missing(project: Path) -> None:
    pool = {"name": "spot", "vm_size": "standard_d2s_v3", "image": "ubuntu-24.04"}
    registered = declare(project, pools=[pool]).only("batch:Pool")
    limit = "maxSpotNodes = 25;"  # 50 cores, by two
    assert limit in registered.inputs["scaleSettings"]["autoScale"]["formula"]


def test_nodes_may_add_tasks_only_where_the_stack_has_job_schedules(project: Path) -> None:
    submitter = "48e5e92e-a480-4e71-aa9c-2778f4c13781"

    def granted(recording: Recording) -> list[str]:
        roles = recording.of_type("authorization:RoleAssignment")
        mine = [role.inputs for role in roles if role.inputs["principalId"] == "principal-of-mybatch-nodes"]
        return [role["scope"] for role in mine if role["roleDefinitionId"].endswith(submitter)]

    without, recording = declare(project), declare(project, job_schedules=True)
    assert granted(without) == []
    assert len(granted(recording)) == 1
    assert [from_json(one.outputs).nodes_add_tasks for one in (without, recording)] == [False, True]
