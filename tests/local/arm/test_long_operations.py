"""Operations that ARM only accepts at first, as the official client and the project's own see them."""

import json
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.batch import BatchManagementClient

from shoal.arm import ArmClient, ArmError
from shoal.service_status import Status
from tests.arm import ArmHttp
from tests.local.making import VM_SIZE
from tests.waiting import wait_until

VERSION = "2024-07-01"
SLOW = {"arm_operation_seconds": 0.5}


def exchange(status: Status, method: str, target: str, body: object = None) -> tuple[int, dict[str, str], bytes]:
    connection = HTTPConnection(urlsplit(status.arm_endpoint).netloc)
    try:
        text = None if body is None else json.dumps(body)
        connection.request(method, target, text, {"Authorization": f"Bearer {status.arm_token}"})
        response = connection.getresponse()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
    finally:
        connection.close()


def test_account_is_made_after_it_was_accepted(arm: ArmHttp, account_name: str) -> None:
    path = f"{arm.group}/providers/Microsoft.Batch/batchAccounts/{account_name}"
    target = f"{path}?api-version={VERSION}"
    with arm.status.chaos(arm_operation_seconds=1.5):
        status, headers, content = exchange(arm.status, "PUT", target, {"location": "westeurope"})
        assert (status, content, headers["retry-after"]) == (202, b"", "2")
        assert headers["location"].startswith(f"{arm.status.arm_endpoint}{path}/operationResults/")
        again = exchange(arm.status, "PUT", target, {"location": "westeurope"})
        assert again[1]["location"] == headers["location"], "it is the same operation"
        assert exchange(arm.status, "GET", target)[0] == 404, "there is no account yet"
        result = headers["location"].removeprefix(arm.status.arm_endpoint)
        assert exchange(arm.status, "GET", result)[:2][0] == 202
        wait_until(lambda: exchange(arm.status, "GET", result)[0] == 200)
        made = exchange(arm.status, "GET", target)
        assert json.loads(exchange(arm.status, "GET", result)[2]) == json.loads(made[2])
        assert exchange(arm.status, "PUT", target, {"location": "westeurope"})[0] == 200, "an update is not long"


def test_operations_on_accounts_are_accepted_and_their_results_are_there_at_once(
    arm: ArmHttp, account_name: str
) -> None:
    path = f"{arm.group}/providers/Microsoft.Batch/batchAccounts/{account_name}"
    target = f"{path}?api-version={VERSION}"
    results = f"{path.partition('/resourceGroups/')[0]}/providers/Microsoft.Batch/locations/westeurope"
    for method, body, place, found in (
        ("PUT", {"location": "westeurope"}, f"{path}/operationResults/", 200),
        ("DELETE", None, f"{results}/accountOperationResults/{account_name}-", 404),
    ):
        status, headers, content = exchange(arm.status, method, target, body)
        assert (status, content) == (202, b"")
        assert headers["location"].startswith(f"{arm.status.arm_endpoint}{place}")
        assert headers.keys().isdisjoint({"retry-after", "etag", "last-modified"})
        result = exchange(arm.status, "GET", headers["location"].removeprefix(arm.status.arm_endpoint))
        resource = exchange(arm.status, "GET", target)
        assert (result[0], resource[0]) == (200, found)
        assert method == "DELETE" or json.loads(result[2]) == json.loads(resource[2])


def test_deletion_of_a_pool_is_accepted_and_its_result_is_there_at_once(arm: ArmHttp, account: str) -> None:
    path = f"{arm.group}/providers/Microsoft.Batch/batchAccounts/{account}"
    target = f"{path}/pools/p?api-version={VERSION}"
    arm.make(f"{path}/pools/p", {"properties": {"vmSize": VM_SIZE}})
    status, headers, content = exchange(arm.status, "DELETE", target)
    assert (status, content) == (202, b"")
    place = f"{arm.status.arm_endpoint}{path}/poolOperationResults/delete-p-"
    assert headers["location"].startswith(place)
    assert "retry-after" not in headers
    assert exchange(arm.status, "GET", headers["location"].removeprefix(arm.status.arm_endpoint))[0] == 200
    assert exchange(arm.status, "GET", target)[0] == 404
    assert exchange(arm.status, "DELETE", target)[0] == 204


def test_official_client_waits_until_accounts_and_pools_are_made_and_gone(
    management: BatchManagementClient, arm: ArmHttp, name: str, account_name: str
) -> None:
    with arm.status.chaos(**SLOW):
        body = {"location": "westeurope"}
        made = management.batch_account.begin_create(name, account_name, body, polling_interval=1).result()
        assert made.name == account_name
        pool = {"properties": {"vmSize": VM_SIZE, "scaleSettings": {"fixedScale": {"targetDedicatedNodes": 0}}}}
        management.pool.create(name, account_name, "p", pool)
        management.pool.begin_delete(name, account_name, "p", polling_interval=1).result()
        assert list(management.pool.list_by_batch_account(name, account_name)) == []
        management.batch_account.begin_delete(name, account_name, polling_interval=1).result()
        assert list(management.batch_account.list_by_resource_group(name)) == []


def test_operation_that_fails_ends_with_its_error(
    management: BatchManagementClient, arm: ArmHttp, name: str, account_name: str
) -> None:
    linked = {"storageAccountId": f"{arm.group}/providers/Microsoft.Storage/storageAccounts/none"}
    body = {"location": "westeurope", "properties": {"autoStorage": linked}}
    with arm.status.chaos(**SLOW):
        poller = management.batch_account.begin_create(name, account_name, body, polling_interval=1)
        with pytest.raises(HttpResponseError, match="InvalidAutoStorageAccount"):
            poller.result()


def test_own_client_waits_for_results(arm: ArmHttp, account_name: str) -> None:
    client = ArmClient(arm.status)
    path = f"{arm.group}/providers/Microsoft.Batch/batchAccounts/{account_name}"
    without = {"autoStorage": {"storageAccountId": f"{arm.group}/providers/Microsoft.Storage/storageAccounts/none"}}
    with arm.status.chaos(**SLOW):
        with pytest.raises(ArmError, match="InvalidAutoStorageAccount"):
            client.put(path, VERSION, {"location": "westeurope", "properties": without})
        assert client.put(path, VERSION, {"location": "westeurope"})["name"] == account_name
        client.delete(path, VERSION)
        assert client.get(path, VERSION) is None
        client.delete(path, VERSION)


def test_result_that_nobody_knows_is_not_found(arm: ArmHttp) -> None:
    status, answer = arm.call("GET", "operationResults/none")
    assert (status, answer["error"]["code"]) == (404, "ResourceNotFound")
