import re

import pytest
from azure.batch import BatchClient, models
from azure.core.exceptions import ResourceNotFoundError

from tests.local.making import completed, error_code, make_job, make_pool, run, task, wait_for_nodes, wait_for_state
from tests.raw import Raw
from tests.waiting import wait_until


def test_node_reads_back_as_a_batch_node_does(raw: Raw, client: BatchClient, name: str) -> None:
    make_pool(client, name, nodes=0, targetLowPriorityNodes=1, taskSlotsPerNode=2)
    (node,) = wait_for_nodes(client, name, nodes=1)
    body = raw("GET", f"/pools/{name}/nodes/{node.id}").body
    assert re.fullmatch(r"tvmps_[0-9a-f]{64}_p", body["id"])
    assert re.fullmatch(r"10\.0\.\d+\.\d+", body.pop("ipAddress"))
    boot = body["lastBootTime"]
    assert body.pop("allocationTime") <= boot <= body.pop("stateTransitionTime")
    assert body == {
        "odata.metadata": f"{raw.status.batch_endpoint}/$metadata#nodes/@Element",
        "id": node.id,
        "url": f"{raw.status.batch_endpoint}/pools/{name}/nodes/{node.id}",
        "state": "idle",
        "schedulingState": "enabled",
        "lastBootTime": boot,
        "affinityId": f"TVM:{node.id}",
        "vmSize": "standard_d2s_v3",
        "isDedicated": False,
        "totalTasksRun": 0,
        "totalTasksSucceeded": 0,
        "runningTasksCount": 0,
        "runningTaskSlotsCount": 0,
        "nodeAgentInfo": {"version": "1.12.15", "lastUpdateTime": boot},
    }


def test_node_that_has_not_booted_has_no_agent_yet(client: BatchClient, name: str) -> None:
    make_pool(client, name)
    seen = [next(iter(client.list_nodes(name)))]

    def idle() -> bool:
        seen.append(next(iter(client.list_nodes(name))))
        return seen[-1].state == "idle"

    wait_until(idle, every=0.005)
    assert seen[0].state == models.BatchNodeState.CREATING
    assert all((node.last_boot_time is None) == (node.state == "creating") for node in seen)
    assert all((node.node_agent_info is None) == (node.state == "creating") for node in seen)
    order: list[str | None] = ["creating", "starting", "idle"]
    steps = [order.index(node.state) for node in seen]
    assert steps == sorted(steps)


def test_node_counts_what_it_runs_and_has_run(client: BatchClient, name: str) -> None:
    make_pool(client, name, taskSlotsPerNode=4)
    (node,) = wait_for_nodes(client, name, nodes=1)
    make_job(client, name, name)
    run(client, name, task("good", "true"))
    run(client, name, task("bad", "false"))
    client.create_task(name, task("long", "sleep 600", requiredSlots=3))
    wait_for_state(client, name, "long", "running")
    seen = client.get_node(name, node.id)
    assert (seen.state, seen.running_tasks_count, seen.running_task_slots_count) == ("running", 1, 3)
    assert (seen.total_tasks_run, seen.total_tasks_succeeded) == (2, 1)
    client.terminate_task(name, "long")
    wait_for_nodes(client, name, nodes=1, state="idle")


def test_node_is_found_in_its_pool_only(client: BatchClient, pool: str, name: str) -> None:
    make_pool(client, name, nodes=0)
    (node, _) = client.list_nodes(pool)
    assert client.get_node(pool.upper(), node.id).id == node.id
    for pool_id, node_id in ((name, node.id), (pool, "none")):
        with pytest.raises(ResourceNotFoundError) as refusal:
            client.get_node(pool_id, node_id)
        assert error_code(refusal.value) == "NodeNotFound"


def test_tasks_of_both_nodes_run_at_the_same_time(client: BatchClient, name: str) -> None:
    make_pool(client, name, nodes=2, taskSlotsPerNode=2)
    make_job(client, name, name)
    client.create_tasks(name, [task(f"t{i}", "sleep 600") for i in range(6)])
    wait_until(lambda: client.get_job_task_counts(name).task_counts.running == 4)
    assert [node.running_tasks_count for node in client.list_nodes(name)] == [2, 2]
    client.begin_delete_job(name)
    wait_for_nodes(client, name, nodes=2)
    make_job(client, name, name)
    client.create_task(name, task("t0", "true"))
    completed(client, name, "t0")


def test_node_shows_its_running_and_its_latest_tasks(client: BatchClient, name: str) -> None:
    make_pool(client, name)
    (node,) = wait_for_nodes(client, name, nodes=1)
    assert client.get_node(name, node.id).recent_tasks is None
    make_job(client, name, name)
    for number in range(12):
        client.create_task(name, task(f"t{number}", "true"))
    completed(client, name, "t11")
    client.delete_task(name, "t10")
    client.create_task(name, task("last", "sleep 60"))
    wait_for_state(client, name, "last", "running")
    shown = client.get_node(name, node.id).recent_tasks
    assert shown is not None
    assert [found.task_id for found in shown] == ["last", "t11", *(f"t{number}" for number in range(9, 1, -1))]
    assert (shown[0].job_id, shown[0].task_state, shown[1].task_state) == (name, "running", "completed")
    assert shown[1].execution_info is not None
    assert shown[1].execution_info.exit_code == 0
    assert shown[1].task_url == client.get_task(name, "t11").url
    (listed,) = client.list_nodes(name)
    assert listed.recent_tasks == shown
