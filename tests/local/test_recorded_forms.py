"""Forms of answers that are not documented, as the real service was seen to send them.

Source: traffic recorded in the tests of azure-cli, azure-mgmt-batch and azure-sdk-for-node, 2016 to 2024.
"""

import re
from typing import Any

import pytest
from azure.batch import BatchClient
from azure.batch.models import CreateTasksError

from shoal.local import times
from tests.local.making import VM_SIZE, make_pool, run, sh, task
from tests.raw import Raw

STAMP = re.compile(r".+\nRequestId:[0-9a-f-]{36}\nTime:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def metadata(body: Any) -> str:
    return str(body["odata.metadata"]).partition("$metadata")[2]


def test_fault_of_one_task_in_a_collection_names_the_request_and_the_time(raw: Raw, job: str) -> None:
    tasks = [{"id": "a", "commandLine": "true"}, {"id": "b"}]
    answer = raw("POST", f"/jobs/{job}/addtaskcollection", {"value": tasks})
    added, refused = answer.body["value"]
    assert (added["status"], refused["status"]) == ("Success", "clienterror")
    text = refused["error"]["message"]["value"]
    assert STAMP.fullmatch(text)
    assert f"RequestId:{answer.headers['request-id']}\n" in text


@pytest.mark.parametrize(("version", "status"), [("2024-02-01.19.0", "ClientError"), ("2025-06-01", "clienterror")])
def test_fault_of_one_task_in_a_collection_has_a_status_that_its_clients_read(
    raw: Raw, job: str, version: str, status: str
) -> None:
    answer = raw("POST", f"/jobs/{job}/addtaskcollection", {"value": [{"id": "b"}]}, query={"api-version": version})
    assert [result["status"] for result in answer.body["value"]] == [status]


def test_client_of_today_raises_for_a_task_that_was_refused(client: BatchClient, job: str) -> None:
    with pytest.raises(CreateTasksError) as refusal:
        client.create_tasks(job, [task("good", "true"), task("bad", "true", dependsOn={"taskIds": ["good"]})])
    assert [result.task_id for result in refusal.value.failure_tasks] == ["bad"]


def test_client_of_today_raises_for_a_task_that_is_not_implemented(client: BatchClient, job: str) -> None:
    """It would send a task with a server's error again and again."""
    registry = {"username": "u", "password": "p", "registryServer": "r.example"}
    private = task("private", "true", containerSettings={"imageName": "i", "registry": registry})
    with pytest.raises(CreateTasksError) as refusal:
        client.create_tasks(job, [task("good", "true"), private])
    assert [(result.task_id, result.error.code) for result in refusal.value.failure_tasks] == [
        ("private", "NotImplemented")
    ]


def test_package_that_is_not_there_is_the_key_of_the_errors_value(raw: Raw, name: str) -> None:
    references = [{"applicationId": "absent"}, {"applicationId": "gone", "version": "1"}]
    answer = raw("POST", "/pools", {"id": name, "vmSize": VM_SIZE, "applicationPackageReferences": references})
    assert (answer.status, answer.code) == (409, "InvalidApplicationPackageReferences")
    reason = "The specified application package does not exist."
    assert answer.values == {"absent": reason, "gone": reason}


def test_dependencies_are_no_property_of_tasks_in_a_job_that_does_not_use_them(raw: Raw, job: str) -> None:
    body = {"id": "t", "commandLine": "true", "dependsOn": {"taskIds": ["other"]}}
    answer = raw("POST", f"/jobs/{job}/tasks", body)
    assert (answer.status, answer.code) == (400, "UnsupportedProperty")
    assert answer.body["message"]["value"].startswith("One of the properties specified in the request body is not")
    without = {"id": "t", "commandLine": "true", "dependsOn": {"taskIds": []}}
    assert raw("POST", f"/jobs/{job}/tasks", without).status == 201


@pytest.mark.parametrize(
    ("machine", "values"),
    [
        (
            {"imageReference": {"publisher": "x", "offer": "y", "sku": "z"}, "nodeAgentSKUId": "batch.node.el 9"},
            {
                "PropertyName": "imageReference",
                "Reason": "The specified imageReference with publisher x offer y sku z is not supported.",
            },
        ),
        (
            {
                "imageReference": {"publisher": "Canonical", "offer": "ubuntu-24_04-lts", "sku": "server"},
                "nodeAgentSKUId": "batch.node.el 9",
            },
            {
                "PropertyName": "nodeAgentSKUId",
                "PropertyValue": "batch.node.el 9",
                "Reason": "The image with publisher Canonical offer ubuntu-24_04-lts sku server needs"
                " nodeAgentSKUId batch.node.ubuntu 24.04.",
            },
        ),
    ],
)
def test_image_or_node_agent_that_batch_does_not_have_is_refused(
    raw: Raw, name: str, machine: dict[str, Any], values: dict[str, str]
) -> None:
    answer = raw("POST", "/pools", {"id": name, "vmSize": VM_SIZE, "virtualMachineConfiguration": machine})
    assert (answer.status, answer.code, answer.values) == (400, "InvalidPropertyValue", values)


def test_image_id_is_one_of_a_gallery(raw: Raw, name: str) -> None:
    image_id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/images/own"
    machine = {"imageReference": {"virtualMachineImageId": image_id}, "nodeAgentSKUId": "batch.node.el 9"}
    answer = raw("POST", "/pools", {"id": name, "vmSize": VM_SIZE, "virtualMachineConfiguration": machine})
    assert (answer.status, answer.values["PropertyName"]) == (400, "virtualMachineImageId")
    assert answer.values["PropertyValue"] == image_id
    gallery = image_id.replace("images/own", "galleries/g/images/own/versions/1.0.0")
    machine["imageReference"] = {"virtualMachineImageId": gallery}
    body = {"id": name, "vmSize": VM_SIZE, "virtualMachineConfiguration": machine}
    assert raw("POST", "/pools", body).status == 201


def test_metadata_of_answers_has_the_services_names(raw: Raw, client: Any, job: str, name: str) -> None:
    assert metadata(raw("GET", "/applications").body) == "#listapplicationsummariesresponses"
    assert metadata(raw("GET", f"/jobs/{job}/taskcounts").body) == "#taskcountsresult/@Element"
    formula = "$TargetDedicatedNodes = 0;"
    make_pool(client, name, nodes=0, enableAutoScale=True, autoScaleFormula=formula, targetDedicatedNodes=None)
    run_ = raw("POST", f"/pools/{name}/evaluateautoscale", {"autoScaleFormula": formula})
    assert metadata(run_.body) == "#Microsoft.Azure.Batch.Protocol.Entities.AutoScaleRun"
    assert run_.headers["dataserviceid"].endswith(f"/pools/{name}/evaluateautoscale")


def test_file_says_when_it_was_made(raw: Raw, client: Any, job: str) -> None:
    run(client, job, task("t", sh("echo a")))
    for method in ("GET", "HEAD"):
        headers = raw(method, f"/jobs/{job}/tasks/t/files/stdout.txt").headers
        assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT", headers["ocp-creation-time"])
    listed = {file["name"]: file for file in raw("GET", f"/jobs/{job}/tasks/t/files").body["value"]}
    properties = listed["stdout.txt"]["properties"]
    made, changed = (times.moment_of(properties[name]) for name in ("creationTime", "lastModified"))
    assert made <= changed


def test_users_have_the_scope_and_the_elevation_that_nobody_gave(raw: Raw, name: str) -> None:
    start_task = {"commandLine": "true", "userIdentity": {"autoUser": {"elevationLevel": "admin"}}}
    users = [{"name": "me", "password": "Secret-1"}]
    body = {"id": name, "vmSize": VM_SIZE, "startTask": start_task, "userAccounts": users}
    assert raw("POST", "/pools", body).status == 201
    shown = raw("GET", f"/pools/{name}").body
    assert shown["startTask"]["userIdentity"] == {"autoUser": {"scope": "pool", "elevationLevel": "admin"}}
    assert shown["userAccounts"] == [{"name": "me", "elevationLevel": "nonadmin"}]


def test_parts_of_a_pool_have_the_words_that_nobody_gave(raw: Raw, name: str) -> None:
    machine = {
        "imageReference": {"publisher": "microsoftwindowsserver", "offer": "windowsserver", "sku": "2022-datacenter"},
        "nodeAgentSKUId": "batch.node.windows amd64",
        "osDisk": {"caching": "readwrite"},
        "securityProfile": {"securityType": "trustedLaunch"},
    }
    body = {
        "id": name,
        "vmSize": VM_SIZE,
        "virtualMachineConfiguration": machine,
        "networkConfiguration": {"enableAcceleratedNetworking": True},
        "userAccounts": [{"name": "me", "password": "Secret-1"}],
    }
    assert raw("POST", "/pools", body).status == 201
    shown = raw("GET", f"/pools/{name}").body
    assert shown["networkConfiguration"] == {"dynamicVNetAssignmentScope": "none", "enableAcceleratedNetworking": True}
    assert shown["userAccounts"] == [
        {"name": "me", "elevationLevel": "nonadmin", "windowsUserConfiguration": {"loginMode": "interactive"}}
    ]
    assert shown["virtualMachineConfiguration"]["osDisk"] == {"ephemeralOSDiskSettings": {}, "caching": "ReadWrite"}
    assert shown["virtualMachineConfiguration"]["securityProfile"] == {"securityType": "trustedlaunch"}


@pytest.mark.parametrize(
    ("image", "node_agent", "port"),
    [
        (("canonical", "ubuntu-24_04-lts", "server"), "batch.node.ubuntu 24.04", 22),
        (("microsoftwindowsserver", "windowsserver", "2022-datacenter"), "batch.node.windows amd64", 3389),
    ],
)
def test_node_tells_its_image_and_an_endpoint_where_nobody_listens(
    raw: Raw, client: Any, name: str, image: tuple[str, ...], node_agent: str, port: int
) -> None:
    reference = dict(zip(("publisher", "offer", "sku"), image, strict=True))
    machine = {"imageReference": reference, "nodeAgentSKUId": node_agent}
    make_pool(client, name, nodes=1, virtualMachineConfiguration=machine)
    (node,) = raw("GET", f"/pools/{name}/nodes").body["value"]
    assert node["virtualMachineInfo"] == {"imageReference": {**reference, "version": "latest"}}
    assert node["endpointConfiguration"] == {
        "inboundEndpoints": [
            {
                "name": "SSHRule.0",
                "protocol": "tcp",
                "publicIPAddress": node["ipAddress"],
                "publicFQDN": f"{node['id']}.batch.invalid",
                "frontendPort": 50000,
                "backendPort": port,
            }
        ]
    }


def test_resize_needs_a_target(raw: Raw, pool: str) -> None:
    answer = raw("POST", f"/pools/{pool}/resize", {"nodeDeallocationOption": "requeue"})
    assert (answer.status, answer.code) == (400, "InvalidRequestBody")
    assert answer.values["Reason"] == "at least one of targetDedicatedNodes and targetLowPriorityNodes must be given"


def test_end_of_an_images_support_is_a_moment_in_utc(raw: Raw) -> None:
    for image in raw("GET", "/supportedimages").body["value"]:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT00:00:00Z", image["batchSupportEndOfLife"])
