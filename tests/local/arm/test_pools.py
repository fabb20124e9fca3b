from pathlib import Path
from typing import Any

import pytest
from azure.batch import BatchClient
from azure.core import MatchConditions
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.batch import BatchManagementClient
from azure.mgmt.batch.models import Pool

from shoal import container_engine
from shoal.service_status import Status
from tests.arm import SUBNET, ArmHttp, make_subnet
from tests.waiting import wait_until

PROPERTIES: dict[str, Any] = {
    "vmSize": "STANDARD_D2S_V3",
    "taskSlotsPerNode": 2,
    "taskSchedulingPolicy": {"nodeFillType": "Pack"},
    "deploymentConfiguration": {
        "virtualMachineConfiguration": {
            "imageReference": {"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": "server"},
            "nodeAgentSkuId": "batch.node.ubuntu 24.04",
        }
    },
    "startTask": {
        "commandLine": "/bin/true",
        "userIdentity": {"autoUser": {"scope": "Pool", "elevationLevel": "NonAdmin"}},
        "waitForSuccess": True,
    },
    "scaleSettings": {"fixedScale": {"targetLowPriorityNodes": 1, "targetDedicatedNodes": 0}},
}


def pool(**changes: Any) -> Pool:
    return Pool({"properties": {**PROPERTIES, **changes}})


def nodes(count: int) -> dict[str, Any]:
    return {"fixedScale": {"targetLowPriorityNodes": count, "targetDedicatedNodes": 0}}


def data_plane(management: BatchManagementClient, service: Status, group: str, account: str) -> BatchClient:
    key = management.batch_account.get_keys(group, account).primary
    return BatchClient(f"{service.arm_endpoint}/{account}", AzureNamedKeyCredential(account, key or ""))


def test_pool_reads_back_in_arms_words(management: BatchManagementClient, name: str, account: str) -> None:
    made = management.pool.create(name, account, "p", pool()).as_dict()["properties"]
    assert made["vmSize"] == "standard_d2s_v3"
    assert made["taskSchedulingPolicy"] == {"nodeFillType": "Pack"}
    assert made["startTask"]["userIdentity"] == {"autoUser": {"scope": "Pool", "elevationLevel": "NonAdmin"}}
    machine = made["deploymentConfiguration"]["virtualMachineConfiguration"]
    assert machine["nodeAgentSkuId"] == "batch.node.ubuntu 24.04"
    assert made["scaleSettings"] == {
        "fixedScale": {"targetLowPriorityNodes": 1, "targetDedicatedNodes": 0, "resizeTimeout": "PT15M"}
    }
    assert made["provisioningState"] == "Succeeded"
    assert made["interNodeCommunication"] == "Disabled"


def test_pool_is_the_same_on_the_data_plane(
    management: BatchManagementClient, service: Status, name: str, account: str
) -> None:
    management.pool.create(name, account, "p", pool())
    with data_plane(management, service, name, account) as batch:
        seen = batch.get_pool("p")
        assert seen.task_slots_per_node == 2
        assert seen.target_low_priority_nodes == 1
        assert seen.virtual_machine_configuration
        assert seen.virtual_machine_configuration.node_agent_sku_id == "batch.node.ubuntu 24.04"
        wait_until(lambda: [node.state for node in batch.list_nodes("p")] == ["idle"])
        batch.begin_delete_pool("p", polling_interval=0).result()
    with pytest.raises(ResourceNotFoundError):
        management.pool.get(name, account, "p")


def test_pool_is_resized_by_another_put(
    management: BatchManagementClient, service: Status, name: str, account: str
) -> None:
    management.pool.create(name, account, "p", pool())
    changed = management.pool.create(name, account, "p", pool(scaleSettings=nodes(2))).properties
    assert changed
    assert changed.allocation_state == "Resizing"
    with data_plane(management, service, name, account) as batch:
        wait_until(lambda: batch.get_pool("p").current_low_priority_nodes == 2)
        wait_until(lambda: batch.get_pool("p").allocation_state == "steady")


@pytest.mark.parametrize(
    ("name_of", "value"),
    [
        ("vmSize", "standard_d4s_v3"),
        ("taskSlotsPerNode", 4),
        ("taskSchedulingPolicy", {"nodeFillType": "Spread"}),
        ("interNodeCommunication", "Enabled"),
        ("upgradePolicy", {"mode": "manual"}),
        ("userAccounts", [{"name": "me", "password": "hunter2"}]),
        ("mountConfiguration", [{"nfsMountConfiguration": {"source": "h:/a", "relativeMountPath": "a"}}]),
    ],
)
def test_pool_with_nodes_refuses_what_azure_cannot_change(
    management: BatchManagementClient, name: str, account: str, name_of: str, value: Any
) -> None:
    management.pool.create(name, account, "p", pool())
    with pytest.raises(HttpResponseError, match=f"PropertyCannotBeUpdated(.|\n)*{name_of}"):
        management.pool.create(name, account, "p", pool(**{name_of: value}))
    unchanged = management.pool.get(name, account, "p").properties
    assert unchanged
    assert (unchanged.vm_size, unchanged.task_slots_per_node) == ("standard_d2s_v3", 2)


def test_pool_without_nodes_may_change_in_everything(
    management: BatchManagementClient, name: str, account: str
) -> None:
    management.pool.create(name, account, "p", pool(scaleSettings=nodes(0)))
    changed = management.pool.create(
        name, account, "p", pool(scaleSettings=nodes(0), vmSize="standard_d4s_v3")
    ).properties
    assert changed
    assert changed.vm_size == "standard_d4s_v3"


def test_pool_that_exists_is_not_made_where_only_a_new_one_is_wanted(
    management: BatchManagementClient, name: str, account: str
) -> None:
    management.pool.create(name, account, "p", pool(scaleSettings=nodes(0)))
    with pytest.raises(HttpResponseError) as refused:
        management.pool.create(
            name, account, "p", pool(scaleSettings=nodes(0)), match_condition=MatchConditions.IfMissing, etag="*"
        )
    assert refused.value.status_code == 412


def test_deleted_pool_is_gone_when_the_call_ends(management: BatchManagementClient, name: str, account: str) -> None:
    management.pool.create(name, account, "p", pool())
    assert [p.name for p in management.pool.list_by_batch_account(name, account)] == ["p"]
    management.pool.begin_delete(name, account, "p").result()
    assert list(management.pool.list_by_batch_account(name, account)) == []


def test_pool_with_an_unknown_property_is_refused(arm: ArmHttp, account: str) -> None:
    body = {"properties": {**PROPERTIES, "vmsizes": "x"}}
    status, answer = arm.call("PUT", f"providers/Microsoft.Batch/batchAccounts/{account}/pools/p", body)
    assert (status, answer["error"]["code"]) == (400, "UnsupportedProperty")


def test_pool_keeps_the_identities_of_its_nodes(arm: ArmHttp, account: str) -> None:
    identity = f"{arm.group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/nodes"
    body = {
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}},
        "properties": {**PROPERTIES, "scaleSettings": nodes(0)},
    }
    made = arm.make(f"providers/Microsoft.Batch/batchAccounts/{account}/pools/p", body)
    assert made["identity"] == {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}}


NODES: dict[str, Any] = {
    "deploymentConfiguration": {
        "virtualMachineConfiguration": {
            "imageReference": {
                "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/galleries/own/images/m"
            },
            "nodeAgentSkuId": "batch.node.el 9",
            "osDisk": {"ephemeralOSDiskSettings": {"placement": "CacheDisk"}},
        }
    },
    "networkConfiguration": {
        "subnetId": SUBNET,
        "publicIPAddressConfiguration": {"provision": "NoPublicIPAddresses"},
        "enableAcceleratedNetworking": True,
    },
    "targetNodeCommunicationMode": "Simplified",
    "interNodeCommunication": "Enabled",
    "metadata": [{"name": "policy", "value": "Kept as It Is"}],
    "upgradePolicy": {
        "mode": "rolling",
        "automaticOSUpgradePolicy": {"enableAutomaticOSUpgrade": True, "useRollingUpgradePolicy": True},
        "rollingUpgradePolicy": {"maxBatchInstancePercent": 20, "pauseTimeBetweenBatches": "PT5M"},
    },
    "mountConfiguration": [
        {
            "azureBlobFileSystemConfiguration": {
                "accountName": "store",
                "containerName": "inputs",
                "relativeMountPath": "inputs",
                "blobfuseOptions": "-o ro",
                "identityReference": {"resourceId": "/i"},
            }
        },
        {"nfsMountConfiguration": {"source": "h:/a", "relativeMountPath": "a", "mountOptions": "-o ro"}},
    ],
}


def test_what_nodes_are_and_have_reads_back_as_it_was_given(arm: ArmHttp, account: str) -> None:
    make_subnet(arm.status)
    path = f"providers/Microsoft.Batch/batchAccounts/{account}/pools/p"
    body = {"tags": {"team": "risk"}, "properties": {**PROPERTIES, **NODES, "scaleSettings": nodes(0)}}
    made = arm.make(path, body)
    status, found = arm.call("GET", path)
    assert status == 200
    assert found["tags"] == {"team": "risk"}
    assert {name: made["properties"][name] for name in NODES} == NODES
    assert {name: found["properties"][name] for name in NODES} == NODES


def test_pool_for_containers_is_taken_where_this_machine_can_run_them(arm: ArmHttp, account: str) -> None:
    machine = PROPERTIES["deploymentConfiguration"]["virtualMachineConfiguration"]
    configuration = {"type": "DockerCompatible", "containerImageNames": ["localhost/none:1"]}
    properties = {
        **PROPERTIES,
        "scaleSettings": nodes(0),
        "deploymentConfiguration": {
            "virtualMachineConfiguration": {**machine, "containerConfiguration": configuration}
        },
    }
    path = f"providers/Microsoft.Batch/batchAccounts/{account}/pools/containers"
    status, answer = arm.call("PUT", path, {"properties": properties})
    if container_engine.engine() is None:
        assert (status, answer["error"]["code"]) == (501, "NotImplemented")
        return
    made = answer["properties"]["deploymentConfiguration"]["virtualMachineConfiguration"]
    assert made["containerConfiguration"] == configuration


def test_changed_tags_are_those_of_the_pool_with_nodes_too(arm: ArmHttp, account: str) -> None:
    path = f"providers/Microsoft.Batch/batchAccounts/{account}/pools/p"
    arm.make(path, {"tags": {"team": "risk"}, "properties": PROPERTIES})
    assert arm.make(path, {"tags": {"team": "pricing"}, "properties": PROPERTIES})["tags"] == {"team": "pricing"}
    assert "tags" not in arm.make(path, {"properties": PROPERTIES})


def test_no_answer_holds_a_secret(arm: ArmHttp, account: str, service: Status) -> None:
    path = f"providers/Microsoft.Batch/batchAccounts/{account}/pools/p"
    linux = {"uid": 1500, "gid": 1500, "sshPrivateKey": "seen-nowhere-else"}
    share = {"source": "//h/a", "relativeMountPath": "a", "userName": "me", "password": "seen-nowhere-else"}
    secret = {
        "userAccounts": [
            {"name": "me", "password": "seen-nowhere-else", "elevationLevel": "Admin", "linuxUserConfiguration": linux}
        ],
        "mountConfiguration": [{"cifsMountConfiguration": share}],
    }
    made = arm.make(path, {"properties": {**PROPERTIES, **secret}})
    assert made["properties"]["userAccounts"] == [
        {"name": "me", "elevationLevel": "Admin", "linuxUserConfiguration": {"uid": 1500, "gid": 1500}}
    ]
    del share["password"]
    assert made["properties"]["mountConfiguration"] == [{"cifsMountConfiguration": share}]
    kept = list(Path(service.state_dir).glob("*.db*"))
    assert kept
    assert not [file.name for file in kept if b"seen-nowhere-else" in file.read_bytes()]


@pytest.mark.parametrize("verb", ["PATCH", "PUT"])
def test_update_keeps_users_and_shares_whose_secrets_nobody_can_read_again(
    arm: ArmHttp, account: str, verb: str
) -> None:
    path = f"providers/Microsoft.Batch/batchAccounts/{account}/pools/p"
    share = {"source": "//h/a", "relativeMountPath": "a", "userName": "me", "password": "a secret"}
    secret = {
        "userAccounts": [{"name": "me", "password": "a secret"}],
        "mountConfiguration": [{"cifsMountConfiguration": share}],
    }
    before = arm.make(path, {"properties": {**PROPERTIES, **secret, "scaleSettings": nodes(0)}})["properties"]
    with arm.status.chaos(strict_pool_puts=True):
        status, after = arm.call(verb, path, {"properties": {"metadata": [{"name": "a", "value": "b"}]}})
    assert status == 200
    assert {name: after["properties"][name] for name in secret} == {name: before[name] for name in secret}


FIXED = [name for name in PROPERTIES if name not in ("startTask", "scaleSettings")]
"""Those that every pool of these tests has and that cannot change."""


def test_strict_put_is_refused_for_a_fixed_part_that_did_not_change(arm: ArmHttp, account: str) -> None:
    path = f"providers/Microsoft.Batch/batchAccounts/{account}/pools/p"
    made = arm.make(path, {"properties": {**PROPERTIES, "scaleSettings": nodes(0)}})
    with arm.status.chaos(strict_pool_puts=True):
        for name in FIXED:
            status, answer = arm.call("PUT", path, {"properties": {"scaleSettings": nodes(0), name: PROPERTIES[name]}})
            assert (status, answer["error"]["code"]) == (400, "PropertyCannotBeUpdated")
            assert f"PropertyName: {name}." in answer["error"]["message"]
        status, answer = arm.call("PUT", path, {"properties": {**PROPERTIES, "scaleSettings": nodes(0)}})
        assert "PropertyPath: properties.deploymentConfiguration." in answer["error"]["message"]
        changed = arm.make(path, {"properties": {"metadata": [{"name": "a", "value": "b"}]}})
        assert {part: changed["properties"][part] for part in FIXED} == {
            part: made["properties"][part] for part in FIXED
        }
    arm.make(path, {"properties": {**PROPERTIES, "scaleSettings": nodes(0)}})


def test_patch_replaces_what_it_names_and_leaves_the_rest(
    management: BatchManagementClient, arm: ArmHttp, name: str, account: str
) -> None:
    path = f"providers/Microsoft.Batch/batchAccounts/{account}/pools/p"
    before = arm.make(path, {"tags": {"team": "risk"}, "properties": {**PROPERTIES, "scaleSettings": nodes(0)}})
    metadata = [{"name": "policy", "value": "7"}]
    with arm.status.chaos(strict_pool_puts=True):
        management.pool.update(name, account, "p", Pool({"properties": {"metadata": metadata}}))
    _, after = arm.call("GET", path)
    changing = ("metadata", "lastModified", "allocationState", "allocationStateTransitionTime")
    assert after["properties"]["metadata"] == metadata
    assert after["tags"] == {"team": "risk"}
    assert {k: v for k, v in after["properties"].items() if k not in changing} == {
        k: v for k, v in before["properties"].items() if k not in changing
    }


def test_patch_keeps_a_property_that_its_api_version_has_no_more(
    management: BatchManagementClient, arm: ArmHttp, name: str, account: str
) -> None:
    path = f"providers/Microsoft.Batch/batchAccounts/{account}/pools/p"
    properties = {**PROPERTIES, "scaleSettings": nodes(0), "targetNodeCommunicationMode": "Simplified"}
    arm.make(path, {"properties": properties})
    management.pool.update(name, account, "p", Pool({"properties": {"metadata": []}}))
    assert arm.call("GET", path)[1]["properties"]["targetNodeCommunicationMode"] == "Simplified"


def test_patched_formula_is_the_pools(management: BatchManagementClient, name: str, account: str) -> None:
    management.pool.create(name, account, "p", pool(scaleSettings=nodes(0)))
    scale = {"autoScale": {"formula": "$TargetLowPriorityNodes = 0;", "evaluationInterval": "PT5M"}}
    management.pool.update(name, account, "p", Pool({"properties": {"scaleSettings": scale}}))
    changed = management.pool.get(name, account, "p").as_dict()["properties"]
    assert changed["scaleSettings"] == scale
    assert changed["vmSize"] == "standard_d2s_v3"


def test_patch_may_repeat_a_fixed_part_as_it_is_but_not_change_it(arm: ArmHttp, account: str) -> None:
    path = f"providers/Microsoft.Batch/batchAccounts/{account}/pools/p"
    made = arm.make(path, {"properties": {**PROPERTIES, "scaleSettings": nodes(0)}})
    deployment = made["properties"]["deploymentConfiguration"]
    metadata = [{"name": "a", "value": "b"}]
    body = {"properties": {"deploymentConfiguration": deployment, "metadata": metadata}}
    status, answer = arm.call("PATCH", path, body)
    assert (status, answer["properties"]["metadata"]) == (200, metadata)
    deployment["virtualMachineConfiguration"]["licenseType"] = "Windows_Server"
    status, answer = arm.call("PATCH", path, body)
    assert (status, answer["error"]["code"]) == (400, "PropertyCannotBeUpdated")
    assert "PropertyName: deploymentConfiguration." in answer["error"]["message"]


def test_patch_of_a_fixed_part_or_of_no_pool_is_refused(arm: ArmHttp, account: str) -> None:
    path = f"providers/Microsoft.Batch/batchAccounts/{account}/pools/p"
    assert arm.call("PATCH", path, {"properties": {"metadata": []}})[0] == 404
    arm.make(path, {"properties": {**PROPERTIES, "scaleSettings": nodes(0)}})
    status, answer = arm.call("PATCH", path, {"properties": {"vmSize": PROPERTIES["vmSize"]}})
    assert (status, answer["error"]["code"]) == (400, "PropertyCannotBeUpdated")


def test_patch_may_repeat_the_slots_of_a_node(arm: ArmHttp, account: str) -> None:
    """azure-mgmt-batch 17.3 sends one slot in each update that names no other number."""
    path = f"providers/Microsoft.Batch/batchAccounts/{account}/pools/p"
    arm.make(path, {"properties": {**PROPERTIES, "taskSlotsPerNode": 1, "scaleSettings": nodes(0)}})
    metadata = [{"name": "a", "value": "b"}]
    body = {"properties": {"taskSlotsPerNode": 1, "metadata": metadata}}
    status, answer = arm.call("PATCH", path, body)
    assert (status, answer["properties"]["metadata"]) == (200, metadata)
    body["properties"]["taskSlotsPerNode"] = 2
    status, answer = arm.call("PATCH", path, body)
    assert (status, answer["error"]["code"]) == (400, "PropertyCannotBeUpdated")
    assert "PropertyName: taskSlotsPerNode." in answer["error"]["message"]


def test_resize_is_stopped_unless_a_formula_makes_it(arm: ArmHttp, account: str) -> None:
    path = f"providers/Microsoft.Batch/batchAccounts/{account}/pools/p"
    assert arm.call("POST", f"{path}/stopResize")[0] == 404
    arm.make(path, {"properties": {**PROPERTIES, "scaleSettings": nodes(0)}})
    status, answer = arm.call("POST", f"{path}/stopResize")
    assert (status, answer["name"]) == (200, "p")
    scale = {"autoScale": {"formula": "$TargetLowPriorityNodes = 0;"}}
    assert arm.call("PATCH", path, {"properties": {"scaleSettings": scale}})[0] == 200
    status, answer = arm.call("POST", f"{path}/stopResize")
    assert (status, answer["error"]["code"]) == (409, "OperationInvalidForCurrentState")
    (detail,) = answer["error"]["details"]
    assert detail["message"] == "The specified pool has AutoScale enabled. AutoScale resize cannot be stopped"


def test_lists_are_paged_selected_and_filtered(management: BatchManagementClient, name: str, account: str) -> None:
    for letter, size in (("B", "standard_d2s_v3"), ("a", "standard_d4s_v3"), ("c", "standard_d2s_v3")):
        management.pool.create(name, account, letter, pool(vmSize=size, scaleSettings=nodes(0)))
        management.application.create(name, account, letter)
    pages = management.pool.list_by_batch_account(name, account, maxresults=2, select="properties/vmSize").by_page()
    found = [[one.as_dict() for one in page] for page in pages]
    assert [[one["name"] for one in page] for page in found] == [["a", "B"], ["c"]]
    assert found[1][0]["properties"] == {"vmSize": "standard_d2s_v3"}
    text = "properties/vmSize eq 'standard_d2s_v3' and properties/allocationState eq 'Steady'"
    filtered = management.pool.list_by_batch_account(name, account, filter=text)
    assert [one.name for one in filtered] == ["B", "c"]
    applications = management.application.list(name, account, maxresults=2).by_page()
    assert [[one.name for one in page] for page in applications] == [["a", "B"], ["c"]]
    for refused in ({"maxresults": 0}, {"filter": "colour eq 'red'"}):
        with pytest.raises(HttpResponseError) as refusal:
            list(management.pool.list_by_batch_account(name, account, **refused))
        assert refusal.value.status_code == 400
