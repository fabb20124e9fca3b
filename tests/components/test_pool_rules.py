"""Rules of what a pool's nodes have and do, beyond those that the components' and settings' own tests show."""

from typing import Any

import pytest

from components.argument_fault import as_given, camel
from components.pool.pool_rules import faults
from shoal.azure.images import AS_OF

POOL: dict[str, Any] = {"vm_size": "standard_d4s_v3", "image": "ubuntu-24.04"}
WINDOWS = {"image": "windows-2022"}


def found(**changes: Any) -> list[str]:
    return [f"{fault.at} {fault.text}".strip() for fault in faults({**POOL, **changes}, as_given, AS_OF)]


def account(name: str = "me", **more: Any) -> dict[str, Any]:
    return {"name": name, "password": "hunter2", **more}


def containers(number: int) -> list[dict[str, Any]]:
    return [{"mount_path": f"m{i}", "container": f"container{i}"} for i in range(number)]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"ephemeral_os_disk": True, "dedicated_nodes": 1}, []),
        ({"ephemeral_os_disk": True, "auto_scale_formula": "$TargetDedicatedNodes = 2;"}, []),
        (
            {"ephemeral_os_disk": True, "auto_scale_formula": "$TargetLowPriorityNodes=1;"},
            [
                "ephemeral_os_disk is true, but auto_scale_formula sets $TargetLowPriorityNodes;"
                " Spot nodes have no ephemeral disks: give dedicated_nodes alone"
            ],
        ),
        (
            {"ephemeral_os_disk": True, "dedicated_nodes": 1, "vm_size": "standard_d4s_v5"},
            ["ephemeral_os_disk is true, but standard_d4s_v5 has no cache to keep the disk on"],
        ),
        (
            {"mounts": [{"mount_path": "a", "nfs_source": "h:/a"}, {"mount_path": "./a", "nfs_source": "h:/b"}]},
            ["mounts[1].mount_path is a, where another one is mounted"],
        ),
        (
            {"mounts": [{"mount_path": "../up", "nfs_source": "h:/a"}]},
            ["mounts[0].mount_path is ../up; it must be a path below $AZ_BATCH_NODE_MOUNTS_DIR"],
        ),
        (
            {"mounts": [{"mount_path": f"m{i}", "nfs_source": "h:/a"} for i in range(11)]},
            ["has 11 mounts; Batch allows 10"],
        ),
        (
            {**WINDOWS, "mounts": [{"mount_path": "a", "container": "inputs"}]},
            ["mounts[0] cannot be mounted on Windows; blobfuse and NFS need Linux"],
        ),
        ({"mounts": containers(1)}, []),
        ({"image": "almalinux-9", "mounts": containers(2)}, []),
        ({"mounts": [*containers(1), {"mount_path": "b", "nfs_source": "h:/b"}]}, []),
        (
            {"mounts": containers(2)},
            [
                "mounts has 2 containers; nodes with batch.node.ubuntu 24.04 mount only 1 and then become unusable"
                " (Azure/Batch#190, open on 2026-11-22): have tasks download and upload the others,"
                " or take another image"
            ],
        ),
        ({"containers": {}}, []),
        ({"containers": {"images": ["ubuntu:24.04"], "registries": ["x.azurecr.io"]}}, []),
        (
            {"containers": {"images": ["a b", "c", "c"], "registries": ["x.azurecr.io/a"]}},
            [
                "containers.images[0] is 'a b'; it must have no spaces",
                "containers.images[2] is c, which the list has already",
                "containers.registries[0] is x.azurecr.io/a; it must be the server alone, such as example.azurecr.io",
            ],
        ),
        ({**WINDOWS, "containers": {}}, ["containers needs an image of Linux, on which job files run"]),
        ({"user_accounts": [account(), account()]}, ["user_accounts[1].name is me, as another account is called"]),
        (
            {"user_accounts": [account("x" * 21)]},
            [f"user_accounts[0].name is {'x' * 21}; it must have 1 to 20 characters"],
        ),
        (
            {**WINDOWS, "user_accounts": [account(uid=1, gid=1)]},
            ["user_accounts[0].uid means nothing on Windows"],
        ),
        (
            {"upgrade_policy": {"mode": "manual", "max_batch_instance_percent": 20}},
            ["upgrade_policy.max_batch_instance_percent means nothing where the mode is manual"],
        ),
        (
            {
                "upgrade_policy": {
                    "mode": "rolling",
                    "max_batch_instance_percent": 30,
                    "max_unhealthy_instance_percent": 20,
                }
            },
            ["upgrade_policy.max_batch_instance_percent must not be more than max_unhealthy_instance_percent"],
        ),
        (
            {"upgrade_policy": {"mode": "automatic", "wait_for_tasks": True}},
            ["upgrade_policy.wait_for_tasks needs automatic_os_upgrade: nothing else is put off while tasks run"],
        ),
        (
            {
                "image_version": "24.04.202605010",
                "upgrade_policy": {"mode": "automatic", "automatic_os_upgrade": True},
            },
            ["upgrade_policy.automatic_os_upgrade upgrades to the latest image, but image_version is 24.04.202605010"],
        ),
        (
            {
                "start_task": {
                    "command_line": "true",
                    "resource_files": [{}, {"http_url": "u", "file_path": "f", "prefix": "p"}],
                }
            },
            [
                "start_task.resource_files[0] must have either container or http_url",
                "start_task.resource_files[1].prefix means nothing with http_url",
            ],
        ),
        (
            {"spot_nodes": 1, "auto_scale_evaluation_interval": "PT10M"},
            ["has a fixed number of nodes, for which auto_scale_evaluation_interval means nothing"],
        ),
        ({"metadata": {"shoal:simulate": "60x", "team": "risk"}}, []),
        (
            {"metadata": {"shoal:simulate": "3601x"}},
            ["metadata shoal:simulate: speed: Input should be less than or equal to 3600, found '3601x'"],
        ),
        (
            {"metadata": {"shoal:simulate": ""}},
            ["metadata shoal:simulate is ''; write 60x or {speed: 60x, duration: 5m}"],
        ),
    ],
)
def test_pool_keeps_batchs_rules(changes: dict[str, Any], expected: list[str]) -> None:
    assert found(**changes) == expected


def test_arguments_are_named_as_the_user_spells_them() -> None:
    pool = {**POOL, "user_accounts": [account(uid=1)], "upgrade_policy": {"mode": "manual", "wait_for_tasks": True}}
    assert [fault.at for fault in faults(pool, camel, AS_OF)] == ["userAccounts[0]", "upgradePolicy.waitForTasks"]
    assert camel("start_task.resource_files[0].file_path") == "startTask.resourceFiles[0].filePath"


def test_no_rule_tells_a_password() -> None:
    accounts = [account("", uid=1), account(""), account("")]
    assert not [text for text in found(**WINDOWS, user_accounts=accounts) if "hunter2" in text]
