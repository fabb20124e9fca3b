"""Clients of older api-versions, which send and read other properties."""

from typing import Any

import pytest
from azure.batch import BatchClient

from shoal.local.api import cloud_services
from shoal.local.errors import BatchError
from tests.local.making import VM_SIZE, wait_for_nodes
from tests.raw import Raw

OLD = {"api-version": "2020-03-01.11.0"}


def test_pool_is_made_and_read_with_the_properties_of_its_version(raw: Raw, name: str) -> None:
    body = {"id": name, "vmSize": VM_SIZE, "maxTasksPerNode": 3, "certificateReferences": []}
    assert raw("POST", "/pools", body, query=OLD).status == 201
    old, today = raw("GET", f"/pools/{name}", query=OLD).body, raw("GET", f"/pools/{name}").body
    assert (old["maxTasksPerNode"], old["certificateReferences"]) == (3, [])
    assert "taskSlotsPerNode" not in old
    assert today["taskSlotsPerNode"] == 3
    assert today.keys().isdisjoint({"maxTasksPerNode", "certificateReferences"})
    (listed,) = raw("GET", "/pools", query={**OLD, "$filter": f"id eq '{name}'"}).body["value"]
    assert listed["maxTasksPerNode"] == 3


def test_properties_are_selected_by_the_names_of_their_version(raw: Raw, name: str) -> None:
    assert raw("POST", "/pools", {"id": name, "vmSize": VM_SIZE, "taskSlotsPerNode": 3}).status == 201
    path, old = f"/pools/{name}", "id,maxTasksPerNode,cloudServiceConfiguration"
    shown = raw("GET", path, query={**OLD, "$select": old}).body
    assert {key: shown[key] for key in shown if key != "odata.metadata"} == {"id": name, "maxTasksPerNode": 3}
    assert raw("GET", path, query={"$select": old}).code == "InvalidQueryParameterValue"
    today = "id,taskSlotsPerNode"
    assert raw("GET", path, query={"$select": today}).body["taskSlotsPerNode"] == 3
    assert raw("GET", path, query={**OLD, "$select": today}).code == "InvalidQueryParameterValue"


def test_counts_of_tasks_are_flat_before_there_were_slots(raw: Raw, job: str) -> None:
    old = raw("GET", f"/jobs/{job}/taskcounts", query=OLD).body
    metadata = old.pop("odata.metadata")
    assert metadata.endswith("#taskcounts/@Element")
    assert old == {"active": 0, "running": 0, "completed": 0, "succeeded": 0, "failed": 0}


def test_certificates_and_the_communication_mode_may_change_while_there_are_nodes(
    raw: Raw, client: BatchClient, one_node: str
) -> None:
    wait_for_nodes(client, one_node, nodes=1)
    version = {"api-version": "2024-02-01.19.0"}
    body: dict[str, Any] = {"certificateReferences": [], "applicationPackageReferences": [], "metadata": []}
    answer = raw("POST", f"/pools/{one_node}/updateproperties", body, query=version)
    assert answer.status == 204
    assert raw("PATCH", f"/pools/{one_node}", {"targetNodeCommunicationMode": "classic"}, query=version).status == 200
    shown = raw("GET", f"/pools/{one_node}", query=version).body
    assert (shown["certificateReferences"], shown["targetNodeCommunicationMode"]) == ([], "classic")
    assert shown.keys().isdisjoint({"applicationPackageReferences", "metadata"})
    (node,) = raw("GET", f"/pools/{one_node}/nodes", query=version).body["value"]
    assert node["certificateReferences"] == []
    (node,) = raw("GET", f"/pools/{one_node}/nodes").body["value"]
    assert "certificateReferences" not in node


def test_parts_of_jobs_are_read_with_the_properties_of_their_version(raw: Raw, name: str) -> None:
    pool = {"vmSize": VM_SIZE, "taskSlotsPerNode": 2}
    body = {
        "id": name,
        "poolInfo": {"autoPoolSpecification": {"poolLifetimeOption": "job", "pool": pool}},
        "jobManagerTask": {"id": "m", "commandLine": "true"},
    }
    assert raw("POST", "/jobs", body).status == 201
    old, today = raw("GET", f"/jobs/{name}", query=OLD).body, raw("GET", f"/jobs/{name}").body
    assert raw("DELETE", f"/jobs/{name}").status == 202
    assert "requiredSlots" not in old["jobManagerTask"]
    assert today["jobManagerTask"]["requiredSlots"] == 1
    pools = [shown["poolInfo"]["autoPoolSpecification"]["pool"] for shown in (old, today)]
    assert [(pool.get("maxTasksPerNode"), pool.get("taskSlotsPerNode")) for pool in pools] == [(2, None), (None, 2)]


def test_pool_of_cloud_services_is_shown_to_the_versions_that_have_them(raw: Raw, name: str) -> None:
    user = {"name": "me", "password": "kept-from-readers"}
    body = {"id": name, "vmSize": "small", "cloudServiceConfiguration": {"osFamily": "4"}, "userAccounts": [user]}
    assert raw("POST", "/pools", body).code == "UnsupportedProperty"
    assert raw("POST", "/pools", body, query=OLD).status == 201
    assert raw("PATCH", f"/pools/{name}", {"metadata": []}).status == 200
    old, today = raw("GET", f"/pools/{name}", query=OLD).body, raw("GET", f"/pools/{name}").body
    assert old["cloudServiceConfiguration"] == {"osFamily": "4", "osVersion": "*"}
    assert old["userAccounts"][0]["windowsUserConfiguration"] == {"loginMode": "interactive"}
    assert "cloudServiceConfiguration" not in today


@pytest.mark.parametrize(
    ("given", "code", "name"),
    [
        ({"osFamily": "1"}, "InvalidPropertyValue", "cloudServiceConfiguration.osFamily"),
        ({}, "MissingRequiredProperty", "cloudServiceConfiguration.osFamily"),
        ({"osFamily": "4", "vmSize": "x"}, "UnsupportedProperty", "cloudServiceConfiguration.vmSize"),
        ("4", "InvalidPropertyValue", "cloudServiceConfiguration"),
    ],
)
def test_cloud_services_have_a_family_of_windows_and_its_version(given: Any, code: str, name: str) -> None:
    with pytest.raises(BatchError) as refused:
        cloud_services.complete({"cloudServiceConfiguration": given})
    assert (refused.value.code, refused.value.values["PropertyName"]) == (code, name)


def test_pool_has_cloud_services_or_virtual_machines() -> None:
    both = {"cloudServiceConfiguration": {"osFamily": "4"}, "virtualMachineConfiguration": {}}
    with pytest.raises(BatchError, match="invalid") as refused:
        cloud_services.complete(both)
    assert refused.value.values["PropertyName"] == "cloudServiceConfiguration"
