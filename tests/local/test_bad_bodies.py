"""Bodies that are refused as a whole; their properties are tested in test_shapes.py."""

from typing import Any

import pytest
from azure.batch import BatchClient
from azure.core.exceptions import HttpResponseError

from tests.local.making import completed, error_code, make_job, task
from tests.raw import Raw, Response

POOL = {"id": "p", "vmSize": "standard_d2s_v3"}
JOB = {"id": "j", "poolInfo": {"poolId": "none"}}
TASK = {"id": "t", "commandLine": "true"}
NAME = "PropertyName"
MOUNTS = "mountConfiguration"
NFS = {"nfsMountConfiguration": {"source": "h:/a", "relativeMountPath": "a"}}
BLOBS = {"accountName": "a", "containerName": "c", "relativeMountPath": "c", "accountKey": "k", "sasKey": "s"}


def assert_refused(answer: Response, code: str, property_name: str) -> None:
    assert (answer.status, answer.code, answer.values.get(NAME)) == (400, code, property_name)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b'"text"', b"\xff{}", b"{'id': 'p'}", b'{"id": "p"} {}', b"[" * 5000]
)
@pytest.mark.parametrize("path", ["/pools", "/jobs"])
def test_body_that_is_no_json_object_is_refused(raw: Raw, path: str, content: bytes) -> None:
    answer = raw("POST", path, content)
    assert answer.status == 400
    assert answer.code == "InvalidRequestBody" or content == b""


@pytest.mark.parametrize(
    ("change", "code", "property_name"),
    [
        ({"colour": 1}, "UnsupportedProperty", "colour"),
        ({"vmSize": None}, "MissingRequiredProperty", "vmSize"),
        ({"id": "a b"}, "InvalidPropertyValue", "id"),
        ({"id": ""}, "InvalidPropertyValue", "id"),
        ({"id": "x" * 65}, "InvalidPropertyValue", "id"),
        ({"id": "ü"}, "InvalidPropertyValue", "id"),
        ({"id": "a\n"}, "InvalidPropertyValue", "id"),
        ({"targetDedicatedNodes": -1}, "InvalidPropertyValue", "targetDedicatedNodes"),
        ({"targetLowPriorityNodes": 10**30}, "InvalidPropertyValue", "targetLowPriorityNodes"),
        ({"taskSlotsPerNode": 0}, "InvalidPropertyValue", "taskSlotsPerNode"),
        ({"taskSlotsPerNode": 257}, "InvalidPropertyValue", "taskSlotsPerNode"),
        ({"resizeTimeout": "PT4M"}, "InvalidPropertyValue", "resizeTimeout"),
        (
            {"taskSchedulingPolicy": {"nodeFillType": "heap"}},
            "InvalidPropertyValue",
            "taskSchedulingPolicy.nodeFillType",
        ),
        ({"startTask": {"commandLine": None}}, "MissingRequiredProperty", "startTask.commandLine"),
        (
            {"startTask": {"commandLine": "true", "maxTaskRetryCount": -2}},
            "InvalidPropertyValue",
            "startTask.maxTaskRetryCount",
        ),
        (
            {"startTask": {"commandLine": "true", "resourceFiles": [{"filePath": "a"}]}},
            "InvalidPropertyValue",
            "startTask.resourceFiles[0]",
        ),
        (
            {
                "startTask": {"commandLine": "true", "userIdentity": {"username": "you"}},
                "userAccounts": [{"name": "me", "password": "Secret-1"}],
            },
            "InvalidPropertyValue",
            "startTask.userIdentity.username",
        ),
        ({"mountConfiguration": [{}]}, "InvalidPropertyValue", "mountConfiguration[0]"),
        ({"mountConfiguration": [{**NFS, "cifsMountConfiguration": None}] * 11}, "InvalidPropertyValue", MOUNTS),
        (
            {"mountConfiguration": [NFS, {"azureBlobFileSystemConfiguration": BLOBS}]},
            "InvalidPropertyValue",
            "mountConfiguration[1].azureBlobFileSystemConfiguration",
        ),
        ({"userAccounts": [{"name": "me"}]}, "MissingRequiredProperty", "userAccounts[0].password"),
        ({"upgradePolicy": {"mode": "later"}}, "InvalidPropertyValue", "upgradePolicy.mode"),
    ],
)
def test_pool_that_batch_would_not_take_is_refused(
    raw: Raw, name: str, change: dict[str, Any], code: str, property_name: str
) -> None:
    assert_refused(raw("POST", "/pools", {**POOL, "id": name, **change}), code, property_name)
    assert raw("GET", f"/pools/{name}").status == 404


@pytest.mark.parametrize(
    ("change", "code", "property_name"),
    [
        ({"poolInfo": None}, "MissingRequiredProperty", "poolInfo"),
        ({"poolInfo": {}}, "MissingRequiredProperty", "poolInfo.poolId"),
        ({"priority": 1001}, "InvalidPropertyValue", "priority"),
        ({"priority": -1001}, "InvalidPropertyValue", "priority"),
        ({"onAllTasksComplete": "stop"}, "InvalidPropertyValue", "onAllTasksComplete"),
        ({"constraints": {"maxTaskRetryCount": -2}}, "InvalidPropertyValue", "constraints.maxTaskRetryCount"),
        ({"constraints": {"maxWallClockTime": "P99999999D"}}, "InvalidPropertyValue", "constraints.maxWallClockTime"),
        ({"metadata": [{"name": "a"}]}, "MissingRequiredProperty", "metadata[0].value"),
        ({"id": "job:1"}, "InvalidPropertyValue", "id"),
    ],
)
def test_job_that_batch_would_not_take_is_refused(
    raw: Raw, name: str, change: dict[str, Any], code: str, property_name: str
) -> None:
    assert_refused(raw("POST", "/jobs", {**JOB, "id": name, **change}), code, property_name)
    assert raw("GET", f"/jobs/{name}").status == 404


BLOB = {"httpUrl": "http://127.0.0.1:1/a", "filePath": "a"}


@pytest.mark.parametrize(
    ("change", "code", "property_name"),
    [
        ({"id": "t:1"}, "InvalidPropertyValue", "id"),
        ({"commandLine": None}, "MissingRequiredProperty", "commandLine"),
        ({"requiredSlots": 0}, "InvalidPropertyValue", "requiredSlots"),
        ({"requiredSlots": 257}, "InvalidPropertyValue", "requiredSlots"),
        ({"constraints": {"maxTaskRetryCount": -2}}, "InvalidPropertyValue", "constraints.maxTaskRetryCount"),
        ({"resourceFiles": [BLOB, {}]}, "InvalidPropertyValue", "resourceFiles[1]"),
        (
            {"resourceFiles": [{**BLOB, "storageContainerUrl": "http://x/y"}]},
            "InvalidPropertyValue",
            "resourceFiles[0]",
        ),
        ({"resourceFiles": [{"httpUrl": "http://x/y"}]}, "MissingRequiredProperty", "resourceFiles[0].filePath"),
        ({"resourceFiles": [{**BLOB, "blobPrefix": "a"}]}, "InvalidPropertyValue", "resourceFiles[0].blobPrefix"),
        ({"resourceFiles": [{**BLOB, "fileMode": "rwx"}]}, "InvalidPropertyValue", "resourceFiles[0].fileMode"),
        ({"resourceFiles": [{**BLOB, "fileMode": "0888"}]}, "InvalidPropertyValue", "resourceFiles[0].fileMode"),
        ({"outputFiles": [{"filePattern": "*"}]}, "MissingRequiredProperty", "outputFiles[0].destination"),
        (
            {"exitConditions": {"default": {"jobAction": "terminate"}}},
            "InvalidPropertyValue",
            "exitConditions",
        ),
    ],
)
def test_task_that_batch_would_not_take_is_refused_alone_and_in_a_collection(
    raw: Raw, job: str, change: dict[str, Any], code: str, property_name: str
) -> None:
    bad = {**TASK, **change}
    assert_refused(raw("POST", f"/jobs/{job}/tasks", bad), code, property_name)
    answer = raw("POST", f"/jobs/{job}/addtaskcollection", {"value": [bad, {"id": "good", "commandLine": "true"}]})
    assert answer.status == 200
    refused, added = answer.body["value"]
    assert (refused["status"], added["status"]) == ("clienterror", "Success")
    assert refused["error"]["code"] == code
    assert {"key": NAME, "value": property_name} in refused["error"]["values"]
    assert "location" not in refused
    assert added["location"].endswith(f"/jobs/{job}/tasks/good")


@pytest.mark.parametrize(
    ("body", "code", "property_name"),
    [
        ({}, "MissingRequiredProperty", "value"),
        ({"value": None}, "MissingRequiredProperty", "value"),
        ({"value": {}}, "InvalidPropertyValue", "value"),
        ({"value": []}, "InvalidPropertyValue", "value"),
        ({"value": [{**TASK, "id": f"t{i}"} for i in range(101)]}, "InvalidPropertyValue", "value"),
        ({"value": [TASK], "tasks": []}, "UnsupportedProperty", "tasks"),
    ],
)
def test_collection_that_is_none_is_refused_as_a_whole(
    raw: Raw, client: BatchClient, job: str, body: Any, code: str, property_name: str
) -> None:
    assert_refused(raw("POST", f"/jobs/{job}/addtaskcollection", body), code, property_name)
    assert list(client.list_tasks(job)) == []


@pytest.mark.parametrize("item", [None, 5, "t", []])
def test_item_of_a_collection_that_is_no_object_is_refused_alone(raw: Raw, job: str, item: Any) -> None:
    answer = raw("POST", f"/jobs/{job}/addtaskcollection", {"value": [item, TASK]})
    assert [result["status"] for result in answer.body["value"]] == ["clienterror", "Success"]


def test_body_of_more_than_a_megabyte_is_refused(raw: Raw, job: str) -> None:
    tasks = [{"id": f"t{i}", "commandLine": "x" * 20_000} for i in range(60)]
    answer = raw("POST", f"/jobs/{job}/addtaskcollection", {"value": tasks})
    assert (answer.status, answer.code) == (413, "RequestBodyTooLarge")


def test_official_client_makes_its_collections_smaller_until_they_fit(client: BatchClient, job: str) -> None:
    client.create_tasks(job, [task(f"t{i}", f"true {'x' * 20_000}") for i in range(60)])
    assert len(list(client.list_tasks(job, select=["id"]))) == 60


def test_null_is_the_same_as_nothing(raw: Raw, client: BatchClient, job: str) -> None:
    body: dict[str, Any] = {
        **TASK,
        "constraints": {"maxWallClockTime": None, "maxTaskRetryCount": None},
        "environmentSettings": None,
        "exitConditions": {"default": None},
        "resourceFiles": [],
    }
    assert raw("POST", f"/jobs/{job}/tasks", body).status == 201
    assert completed(client, job, "t").constraints == {
        "maxWallClockTime": "P10675199DT2H48M5.4775807S",
        "retentionTime": "P7D",
        "maxTaskRetryCount": 0,
    }


def test_what_the_service_does_not_do_is_refused_by_the_name_of_its_property(raw: Raw, job: str, name: str) -> None:
    machine = {
        "imageReference": {},
        "nodeAgentSKUId": "x",
        "extensions": [{"name": "e", "publisher": "p", "type": "t"}],
    }
    together = {"multiInstanceSettings": {"coordinationCommandLine": "c"}, "containerSettings": {"imageName": "i"}}
    cases = [
        ("/pools", {**POOL, "id": f"{name}-x", "virtualMachineConfiguration": machine}, "extensions"),
        (f"/jobs/{job}/tasks", {**TASK, **together}, "containerSettings"),
    ]
    for path, body, property_name in cases:
        answer = raw("POST", path, body)
        assert (answer.status, answer.code) == (501, "NotImplemented"), path
        assert property_name in answer.body["message"]["value"]


def test_official_client_shows_batchs_own_code_for_a_bad_request(client: BatchClient, name: str) -> None:
    with pytest.raises(HttpResponseError) as refusal:
        make_job(client, name, "none", priority=5000)
    assert error_code(refusal.value) == "InvalidPropertyValue"
