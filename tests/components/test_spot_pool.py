from datetime import timedelta
from typing import Any, cast

import pulumi
import pytest

from components.component_errors import SettingsError
from components.pool.spot_pool import SpotPool, SpotPoolArgs
from shoal.autoscale.review import review
from shoal.autoscale.scenarios import PendingTasks, formula
from tests.programs import Registered, record

IDENTITY = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/nodes"
SUBNET = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/nodes"
GALLERY = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/galleries/own/images/model/versions/1.2.0"
BARE: dict[str, Any] = {
    "resource_group_name": "group",
    "account_name": "account",
    "pool_name": "spot",
    "vm_size": "standard_d4s_v3",
    "image": "ubuntu-24.04",
}
STORAGE = {
    "node_identity_id": IDENTITY,
    "storage_account_name": "store",
    "blob_endpoint": "https://store.blob.core.windows.net",
}


def declared(*, without: str = "", **changes: Any) -> Registered:
    args = {name: value for name, value in {**BARE, **changes}.items() if name != without}
    return record(lambda: _declare(args)).only("batch:Pool")


def _declare(args: dict[str, Any]) -> None:
    SpotPool("spot", cast(SpotPoolArgs, args))


def scaled(**scaling: Any) -> dict[str, Any]:
    settings: dict[str, Any] = declared(**scaling).inputs["scaleSettings"]
    return settings


def machine(*, without: str = "", **changes: Any) -> dict[str, Any]:
    configuration = declared(without=without, **changes).inputs["deploymentConfiguration"]
    found: dict[str, Any] = configuration["virtualMachineConfiguration"]
    return found


def refusal(*, without: str = "", **changes: Any) -> str:
    with pytest.raises(SettingsError) as refused:
        declared(without=without, **changes)
    return str(refused.value)


def test_pool_that_says_little_has_the_defaults() -> None:
    inputs = dict(declared().inputs)
    assert inputs.pop("scaleSettings") == {
        "autoScale": {"formula": formula(PendingTasks()), "evaluationInterval": "PT5M"}
    }
    assert inputs == {
        "resourceGroupName": "group",
        "accountName": "account",
        "poolName": "spot",
        "vmSize": "standard_d4s_v3",
        "deploymentConfiguration": {
            "virtualMachineConfiguration": {
                "imageReference": {
                    "publisher": "canonical",
                    "offer": "ubuntu-24_04-lts",
                    "sku": "server",
                    "version": "latest",
                },
                "nodeAgentSkuId": "batch.node.ubuntu 24.04",
            }
        },
        "targetNodeCommunicationMode": "Simplified",
        "taskSlotsPerNode": 1,
        "taskSchedulingPolicy": {"nodeFillType": "Pack"},
        "applicationPackages": [],
    }


def test_fixed_numbers_of_nodes_are_those_of_the_pool() -> None:
    assert scaled(spot_nodes=3) == {"fixedScale": {"targetLowPriorityNodes": 3, "targetDedicatedNodes": 0}}
    assert scaled(dedicated_nodes=1) == {"fixedScale": {"targetLowPriorityNodes": 0, "targetDedicatedNodes": 1}}


def test_pool_with_a_formula_is_scaled_by_it() -> None:
    own = "$TargetLowPriorityNodes = 2;"
    assert scaled(auto_scale_formula=own) == {"autoScale": {"formula": own, "evaluationInterval": "PT5M"}}


@pytest.mark.parametrize(
    ("cores", "nodes"),
    [
        pytest.param(50, 12, id="fewer nodes than the pool may have"),
        pytest.param(400, None, id="as many"),
        pytest.param(3, None, id="less than one node: dedicated nodes stand in for Spot"),
        pytest.param(0, None, id="a subscription without Spot"),
        pytest.param(None, None, id="not known"),
    ],
)
def test_formula_knows_the_spot_quota_of_the_account(cores: int | None, nodes: int | None) -> None:
    auto_scale = scaled(spot_core_quota=cores)["autoScale"]
    assert auto_scale["formula"] == formula(PendingTasks(spot_quota_nodes=nodes))


def test_pool_of_a_size_that_no_table_has_ignores_the_quota() -> None:
    auto_scale = scaled(vm_size="standard_z9s_v9", spot_core_quota=1)["autoScale"]
    assert auto_scale["formula"] == formula(PendingTasks())


def test_limits_of_a_pool_are_those_of_its_formula() -> None:
    limits = {
        "max_spot_nodes": 7,
        "max_dedicated_nodes": 2,
        "task_slots_per_node": 2,
        "slots_per_task": 1.5,
        "max_step": 3,
        "warm_up_nodes": 1,
    }
    settings = scaled(**limits, hold="PT30M", auto_scale_evaluation_interval="PT10M")
    assert settings["autoScale"] == {
        "formula": formula(
            PendingTasks(
                max_spot_nodes=7,
                max_dedicated_nodes=2,
                slots_per_task=1.5,
                max_step=3,
                warm_up_nodes=1,
                hold=timedelta(minutes=30),
                evaluation_interval=timedelta(minutes=10),
            )
        ),
        "evaluationInterval": "PT10M",
    }


@pytest.mark.parametrize("interval", ["PT1S", "PT5M", "PT15M", "PT1H"])
def test_formula_of_a_pool_fits_its_interval(interval: str) -> None:
    auto_scale = scaled(auto_scale_evaluation_interval=interval)["autoScale"]
    assert auto_scale["evaluationInterval"] == interval
    assert review(auto_scale["formula"]) == ()


def test_image_is_pinned_to_a_version_where_one_is_given() -> None:
    assert machine(image_version="24.04.202605010")["imageReference"]["version"] == "24.04.202605010"


def test_image_of_ones_own_comes_with_its_node_agent() -> None:
    assert machine(without="image", image_id=GALLERY, node_agent_sku_id="batch.node.el 9") == {
        "imageReference": {"id": GALLERY},
        "nodeAgentSkuId": "batch.node.el 9",
    }


def test_dedicated_pool_may_keep_its_system_on_the_nodes_cache() -> None:
    found = machine(dedicated_nodes=2, ephemeral_os_disk=True)
    assert found["osDisk"] == {"ephemeralOSDiskSettings": {"placement": "CacheDisk"}}


def test_nodes_without_public_address_are_in_their_subnet() -> None:
    pool = declared(subnet_id=SUBNET, public_ip=False, accelerated_networking=True)
    assert pool.inputs["networkConfiguration"] == {
        "subnetId": SUBNET,
        "publicIPAddressConfiguration": {"provision": "NoPublicIPAddresses"},
        "enableAcceleratedNetworking": True,
    }


def test_start_task_has_files_by_identity_environment_and_its_retries() -> None:
    task = {
        "command_line": "sh setup.sh",
        "elevated": True,
        "environment": {"LEVEL": "3"},
        "resource_files": [
            {"container": "inputs", "prefix": "setup/", "file_path": "."},
            {"http_url": "https://example.org/tool.tar.gz", "file_path": "tool.tar.gz", "file_mode": "0640"},
        ],
        "max_retry_count": 3,
        "wait_for_success": False,
    }
    assert declared(**STORAGE, start_task=task).inputs["startTask"] == {
        "commandLine": "sh setup.sh",
        "userIdentity": {"autoUser": {"scope": "Pool", "elevationLevel": "Admin"}},
        "environmentSettings": [{"name": "LEVEL", "value": "3"}],
        "resourceFiles": [
            {
                "storageContainerUrl": "https://store.blob.core.windows.net/inputs",
                "blobPrefix": "setup/",
                "filePath": ".",
                "identityReference": {"resourceId": IDENTITY},
            },
            {"httpUrl": "https://example.org/tool.tar.gz", "filePath": "tool.tar.gz", "fileMode": "0640"},
        ],
        "maxTaskRetryCount": 3,
        "waitForSuccess": False,
    }


def test_start_task_that_says_little_is_waited_for_and_tried_twice() -> None:
    task = declared(start_task={"command_line": "true"}).inputs["startTask"]
    assert (task["waitForSuccess"], task["maxTaskRetryCount"]) == (True, 1)
    assert task["userIdentity"] == {"autoUser": {"scope": "Pool", "elevationLevel": "NonAdmin"}}


def test_containers_are_mounted_by_identity_and_read_only_unless_told() -> None:
    mounts = [
        {"container": "inputs", "mount_path": "inputs"},
        {"container": "outputs", "mount_path": "results", "read_only": False, "options": "--file-cache-timeout=0"},
        {"nfs_source": "files.internal:/shared", "mount_path": "shared", "options": "-o vers=4"},
    ]
    assert declared(**STORAGE, image="almalinux-9", mounts=mounts).inputs["mountConfiguration"] == [
        {
            "azureBlobFileSystemConfiguration": {
                "accountName": "store",
                "containerName": "inputs",
                "relativeMountPath": "inputs",
                "identityReference": {"resourceId": IDENTITY},
                "blobfuseOptions": "-o ro",
            }
        },
        {
            "azureBlobFileSystemConfiguration": {
                "accountName": "store",
                "containerName": "outputs",
                "relativeMountPath": "results",
                "identityReference": {"resourceId": IDENTITY},
                "blobfuseOptions": "--file-cache-timeout=0",
            }
        },
        {
            "nfsMountConfiguration": {
                "source": "files.internal:/shared",
                "relativeMountPath": "shared",
                "mountOptions": "-o ro -o vers=4",
            }
        },
    ]


def test_password_of_an_account_is_a_secret() -> None:
    pool = declared(user_accounts=[{"name": "me", "password": "hunter2", "elevated": True, "uid": 1500, "gid": 1500}])
    (account,) = pool.inputs["userAccounts"]
    password = account.pop("password")
    assert password["4dabf18193072939515e22adb298388d"] == "1b47061264138c4ac30d75fd1eb44270"
    assert account == {
        "name": "me",
        "elevationLevel": "Admin",
        "linuxUserConfiguration": {"uid": 1500, "gid": 1500},
    }


def test_tasks_run_in_containers_of_registries_that_nodes_log_in_to_by_their_identity() -> None:
    containers = {"images": ["x.azurecr.io/solver:3"], "registries": ["x.azurecr.io"]}
    assert machine(containers=containers, node_identity_id=IDENTITY)["containerConfiguration"] == {
        "type": "DockerCompatible",
        "containerImageNames": ["x.azurecr.io/solver:3"],
        "containerRegistries": [
            {"registryServer": "x.azurecr.io", "identityReference": {"resourceId": IDENTITY}},
        ],
    }
    assert machine(containers={})["containerConfiguration"] == {"type": "DockerCompatible"}
    assert "containerConfiguration" not in machine()


def test_registry_without_an_identity_of_nodes_is_refused() -> None:
    assert "containers.registries[0] is x.azurecr.io, for which the pool needs node_identity_id" in refusal(
        containers={"registries": ["x.azurecr.io"]}
    )


def test_operating_system_is_upgraded_as_the_policy_says() -> None:
    policy = {
        "mode": "rolling",
        "automatic_os_upgrade": True,
        "wait_for_tasks": True,
        "max_batch_instance_percent": 20,
        "max_unhealthy_instance_percent": 40,
        "max_unhealthy_upgraded_instance_percent": 0,
        "pause_time_between_batches": "PT5M",
    }
    assert declared(upgrade_policy=policy).inputs["upgradePolicy"] == {
        "mode": "rolling",
        "automaticOSUpgradePolicy": {
            "enableAutomaticOSUpgrade": True,
            "osRollingUpgradeDeferral": True,
            "useRollingUpgradePolicy": True,
        },
        "rollingUpgradePolicy": {
            "maxBatchInstancePercent": 20,
            "maxUnhealthyInstancePercent": 40,
            "maxUnhealthyUpgradedInstancePercent": 0,
            "pauseTimeBetweenBatches": "PT5M",
        },
    }


def test_pool_has_the_tags_the_metadata_and_the_filling_that_it_asks_for() -> None:
    inputs = declared(
        tags={"team": "risk"}, metadata={"owner": "me"}, task_fill="spread", inter_node_communication=True
    ).inputs
    assert inputs["tags"] == {"team": "risk"}
    assert inputs["metadata"] == [{"name": "owner", "value": "me"}]
    assert inputs["taskSchedulingPolicy"] == {"nodeFillType": "Spread"}
    assert inputs["interNodeCommunication"] == "Enabled"


def test_what_azure_cannot_change_in_a_pool_replaces_it_after_the_old_one_is_gone() -> None:
    pool = declared()
    assert set(pool.replace_on_changes) == {
        "vmSize",
        "deploymentConfiguration",
        "networkConfiguration",
        "interNodeCommunication",
        "taskSlotsPerNode",
        "taskSchedulingPolicy",
        "userAccounts",
        "mountConfiguration",
        "upgradePolicy",
        "identity",
    }
    assert pool.delete_before_replace is True


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"spot_nodes": 2, "max_spot_nodes": 3},
            "SpotPool spot has both spot_nodes and max_spot_nodes; a pool is scaled in one way",
        ),
        (
            {"auto_scale_formula": "1;", "hold": "PT10M"},
            "SpotPool spot has both auto_scale_formula and hold; a pool is scaled in one way",
        ),
        (
            {"spot_nodes": 0},
            "SpotPool spot has no nodes; give spot_nodes or dedicated_nodes, or neither for a pool that scales itself",
        ),
        ({"max_spot_nodes": 0}, "SpotPool spot: max_spot_nodes is 0; it must be at least 1"),
        ({"hold": "PT1M"}, "SpotPool spot: hold is PT1M; it must be at least PT5M, the time between evaluations"),
        (
            {"image": "ubuntu-20.04"},
            "SpotPool spot: image is ubuntu-20.04; its support ended on 2025-04-23, take ubuntu-24.04 instead",
        ),
        (
            {"image_id": GALLERY},
            "SpotPool spot has both image and image_id; a pool has one image",
        ),
        (
            {"vm_size": "d4s_v3", "task_slots_per_node": 2},
            "SpotPool spot: vm_size is d4s_v3; it is no name of a VM size, did you mean standard_d4s_v3?",
        ),
        (
            {"task_slots_per_node": 17},
            "SpotPool spot: task_slots_per_node is 17; standard_d4s_v3 has 4 cores, for which Batch allows 16"
            " (4 a core, 256 in all)",
        ),
        (
            {"task_slots_per_node": 4, "memory_gib_per_slot": 6},
            "SpotPool spot: task_slots_per_node is 4, of 6 GiB each; standard_d4s_v3 has 16 GiB, enough for 2",
        ),
        (
            {"public_ip": False},
            "SpotPool spot has public_ip false but no subnet_id; such nodes need a subnet with a way out",
        ),
        (
            {"ephemeral_os_disk": True},
            "SpotPool spot: ephemeral_os_disk is true, but a pool that follows its tasks has Spot nodes;"
            " Spot nodes have no ephemeral disks: give dedicated_nodes alone",
        ),
        (
            {"mounts": [{"container": "inputs", "mount_path": "in"}]},
            "SpotPool spot: mounts[0].container is inputs, for which the pool needs storage_account_name,"
            " blob_endpoint, node_identity_id",
        ),
        (
            {"start_task": {"command_line": "true", "resource_files": [{"container": "inputs"}]}},
            "SpotPool spot: start_task.resource_files[0].container is inputs, for which the pool needs"
            " storage_account_name, blob_endpoint, node_identity_id",
        ),
        (
            {"packages": [{"application_id": f"/a{i}", "version": "1"} for i in range(11)]},
            "SpotPool spot has 11 packages; Batch allows 10",
        ),
    ],
)
def test_component_refuses_what_makes_no_sense(change: dict[str, Any], message: str) -> None:
    assert refusal(**change) == message


def test_everything_that_is_wrong_is_said_at_once() -> None:
    assert refusal(image="centos-7", task_slots_per_node=40, public_ip=False).count("SpotPool spot") == 3


def test_values_that_only_a_deployment_knows_are_left_to_it() -> None:
    def program() -> None:
        known_later = pulumi.Output.from_input("standard_d4s_v3")
        slots = pulumi.Output.from_input(99)
        _declare({**BARE, "vm_size": known_later, "task_slots_per_node": slots})

    assert record(program).only("batch:Pool").inputs["taskSlotsPerNode"] == 99


def test_what_is_doubtful_is_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    declared(vm_size="standard_d5s_v5")
    warning = "SpotPool spot: VM size standard_d5s_v5 is not known; did you mean standard_d4s_v5?"
    assert warning in capsys.readouterr().err
