"""Pools whose properties change, whose resizes are stopped, and whose nodes are counted."""

from typing import Any

import pytest
from azure.batch import BatchClient, models
from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError

from shoal.service_status import Status
from tests.local.making import error_code, make_job, make_pool, run, task, wait_for_nodes
from tests.raw import Raw
from tests.waiting import wait_until

START = {"commandLine": "/bin/true"}


def update(client: BatchClient, pool: str, **changes: Any) -> None:
    client.update_pool(pool, models.BatchPoolUpdateOptions(changes))


def test_update_changes_what_it_names_and_an_empty_list_clears(client: BatchClient, name: str) -> None:
    make_pool(client, name, nodes=1, metadata=[{"name": "a", "value": "b"}], startTask=START)
    wait_for_nodes(client, name, nodes=1)
    before = client.get_pool(name)
    update(client, name, startTask={"commandLine": "/bin/echo"})
    pool = client.get_pool(name)
    assert pool.start_task is not None
    assert pool.start_task.as_dict()["commandLine"] == "/bin/echo"
    assert pool.start_task.wait_for_success is True
    assert [item.name for item in pool.metadata or []] == ["a"]
    assert (pool.target_dedicated_nodes, pool.allocation_state) == (1, "steady")
    assert pool.etag != before.etag
    update(client, name, metadata=[])
    assert client.get_pool(name).metadata == []


def test_nodes_get_the_start_task_of_an_update_when_they_reboot(client: BatchClient, name: str) -> None:
    make_pool(client, name)
    (node,) = wait_for_nodes(client, name, nodes=1)
    update(client, name, startTask=START)
    assert client.get_node(name, node.id).start_task is None
    options: Any = {"nodeRebootOption": "requeue"}
    client.begin_reboot_node(name, node.id, options=options, polling_interval=0).wait(20)
    wait_for_nodes(client, name, nodes=1)
    restarted = client.get_node(name, node.id)
    assert restarted.start_task is not None
    assert restarted.start_task.command_line == "/bin/true"


def test_what_defines_the_machines_changes_only_while_there_are_none(client: BatchClient, name: str) -> None:
    make_pool(client, name, nodes=0)
    update(client, name, vmSize="STANDARD_D4S_V3", taskSlotsPerNode=4)
    pool = client.get_pool(name)
    assert (pool.vm_size, pool.task_slots_per_node) == ("standard_d4s_v3", 4)
    client.begin_resize_pool(name, models.BatchPoolResizeOptions(target_dedicated_nodes=1), polling_interval=0)
    with pytest.raises(ResourceExistsError) as refusal:
        update(client, name, taskSlotsPerNode=2)
    assert error_code(refusal.value) == "OperationNotValidOnPool"


def test_update_leaves_automatic_scaling_alone(client: BatchClient, name: str) -> None:
    body = {"id": name, "vmSize": "x", "enableAutoScale": True, "autoScaleFormula": "$TargetDedicatedNodes = 0;"}
    client.create_pool(models.BatchPoolCreateOptions(body))
    update(client, name, metadata=[{"name": "a", "value": "b"}])
    pool = client.get_pool(name)
    assert (pool.enable_auto_scale, pool.auto_scale_formula) == (True, "$TargetDedicatedNodes = 0;")


def test_replacement_drops_a_start_task_that_it_does_not_name(client: BatchClient, raw: Raw, name: str) -> None:
    make_pool(client, name, nodes=0, startTask=START)
    packages: list[Any] = []
    metadata = [models.BatchMetadataItem(name="a", value="b")]
    options = models.BatchPoolReplaceOptions(application_package_references=packages, metadata=metadata)
    client.replace_pool_properties(name, options)
    pool = client.get_pool(name)
    assert pool.start_task is None
    assert [item.name for item in pool.metadata or []] == ["a"]
    answer = raw("POST", f"/pools/{name}/updateproperties", {"metadata": []})
    assert (answer.status, answer.code) == (400, "MissingRequiredProperty")


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"targetDedicatedNodes": 4}, 400, "UnsupportedProperty"),
        ({"taskSlotsPerNode": 1000}, 400, "InvalidPropertyValue"),
        ({"applicationPackageReferences": [{"applicationId": "no"}]}, 409, "InvalidApplicationPackageReferences"),
    ],
)
def test_update_that_batch_would_not_take_is_refused(
    client: BatchClient, raw: Raw, name: str, changes: dict[str, Any], status: int, code: str
) -> None:
    make_pool(client, name, nodes=0)
    answer = raw("PATCH", f"/pools/{name}", changes)
    assert (answer.status, answer.code) == (status, code)


def test_update_obeys_its_conditions(client: BatchClient, name: str) -> None:
    make_pool(client, name, nodes=0)
    changes = models.BatchPoolUpdateOptions(metadata=[])
    with pytest.raises(ResourceModifiedError):
        client.update_pool(name, changes, etag="0x1", match_condition=MatchConditions.IfNotModified)


def test_stopped_resize_keeps_the_nodes_that_are_there(client: BatchClient, service: Status, name: str) -> None:
    make_pool(client, name, nodes=1)
    wait_for_nodes(client, name, nodes=1)
    with service.chaos(boot_seconds=600):
        client.begin_resize_pool(name, models.BatchPoolResizeOptions(target_dedicated_nodes=3), polling_interval=0)
        assert client.get_pool(name).current_dedicated_nodes == 3
        client.begin_stop_pool_resize(name, polling_interval=0).wait(20)
    pool = client.get_pool(name)
    assert (pool.allocation_state, pool.current_dedicated_nodes, pool.target_dedicated_nodes) == ("steady", 1, 3)
    assert [error.code for error in pool.resize_errors or []] == ["ResizeStopped"]
    client.begin_stop_pool_resize(name, polling_interval=0).wait(20)
    make_job(client, name, name)
    run(client, name, task("t", "true"))


def test_nodes_are_counted_by_kind_and_state(client: BatchClient, name: str) -> None:
    make_pool(client, name, nodes=2, targetLowPriorityNodes=1)
    wait_for_nodes(client, name, nodes=3)
    (counted,) = client.list_pool_node_counts(filter=f"poolId eq '{name}'")
    assert counted.pool_id == name
    assert counted.dedicated is not None
    assert counted.low_priority is not None
    assert counted.dedicated.as_dict() == {
        **dict.fromkeys(
            (
                *("creating", "leavingPool", "offline", "preempted", "rebooting", "reimaging", "running", "starting"),
                *("startTaskFailed", "unusable", "unknown", "upgradingOS", "waitingForStartTask"),
                *("deallocated", "deallocating"),
            ),
            0,
        ),
        "idle": 2,
        "total": 2,
    }
    assert (counted.low_priority.idle, counted.low_priority.total) == (1, 1)


def test_earlier_versions_do_not_count_states_that_they_do_not_know(client: BatchClient, raw: Raw, name: str) -> None:
    make_pool(client, name, nodes=0)
    query = {"api-version": "2020-03-01.11.0", "$filter": f"poolId eq '{name}'"}
    (counted,) = raw("GET", "/nodecounts", query=query).body["value"]
    assert len(counted["dedicated"]) == 14
    assert "upgradingOS" not in counted["dedicated"]


def test_constraints_of_a_waiting_task_are_replaced(client: BatchClient, name: str) -> None:
    make_job(client, name, "none", constraints={"maxTaskRetryCount": 2})
    client.create_task(name, task("t", "true", constraints={"maxTaskRetryCount": 5, "retentionTime": "P1D"}))
    read = client.get_task(name, "t")
    read.constraints = models.BatchTaskConstraints({"maxWallClockTime": "PT1H"})
    client.replace_task(name, "t", read)
    changed = client.get_task(name, "t")
    assert changed.constraints is not None
    expected = {"maxWallClockTime": "PT1H", "retentionTime": "P7D", "maxTaskRetryCount": 2}
    assert changed.constraints.as_dict() == expected
    client.terminate_task(name, "t")
    with pytest.raises(ResourceExistsError) as refusal:
        client.replace_task(name, "t", read)
    assert error_code(refusal.value) == "TaskCompleted"


def test_ordinary_task_has_no_subtasks(client: BatchClient, job: str) -> None:
    client.create_task(job, task("t", "true"))
    assert list(client.list_subtasks(job, "t")) == []


def test_files_of_tasks_and_nodes_are_deleted(client: BatchClient, raw: Raw, one_node: str, name: str) -> None:
    make_job(client, name, one_node)
    done = run(client, name, task("t", "/bin/sh -c 'mkdir d; touch d/f g'"))
    assert done.node_info is not None
    client.delete_task_file(name, "t", "wd/g")
    folder = f"/jobs/{name}/tasks/t/files/wd%2Fd"
    assert (raw("DELETE", folder).status, raw("DELETE", folder, query={"recursive": "true"}).status) == (409, 200)
    assert [file.name for file in client.list_task_files(name, "t", recursive=True)] == [
        "stderr.txt",
        "stdout.txt",
        "wd",
    ]
    path = f"workitems/{name}/job-1/t/stdout.txt"
    client.delete_node_file(one_node, str(done.node_info.node_id), path)
    wait_until(lambda: "stdout.txt" not in [file.name for file in client.list_task_files(name, "t")])
    assert raw("DELETE", f"/jobs/{name}/tasks/t/files/..%2F..").status == 404


def test_pool_with_nodes_takes_what_earlier_versions_may_change_at_any_time(
    client: BatchClient, raw: Raw, name: str
) -> None:
    """azure-cli 2.91 replaces a pool's properties with empty lists for all that it is not given."""
    make_pool(client, name, nodes=1)
    body = {
        "metadata": [],
        "applicationPackageReferences": [],
        "certificateReferences": [],
        "targetNodeCommunicationMode": "simplified",
    }
    version = {"api-version": "2024-02-01.19.0"}
    assert raw("POST", f"/pools/{name}/updateproperties", body, query=version).status == 204
    assert raw("GET", f"/pools/{name}", query=version).body["targetNodeCommunicationMode"].lower() == "simplified"
    del body["targetNodeCommunicationMode"]
    assert raw("POST", f"/pools/{name}/updateproperties", body, query=version).status == 204
    assert raw("GET", f"/pools/{name}", query=version).body["targetNodeCommunicationMode"] == "default"
    before = raw("GET", f"/pools/{name}", query={"api-version": "2022-01-01.15.0"}).body
    assert "targetNodeCommunicationMode" not in before
