from datetime import timedelta
from functools import partial

import pytest
from azure.batch import BatchClient, models
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError

from tests.local.making import (
    VM_SIZE,
    completed,
    counts,
    error_code,
    execution,
    failure_code,
    make_job,
    make_pool,
    read,
    run,
    sh,
    task,
    wait_for_nodes,
    wait_for_state,
)
from tests.processes import processes_naming
from tests.raw import Raw
from tests.waiting import wait_until


def wait_until_steady(client: BatchClient, pool: str) -> models.BatchPool:
    wait_until(lambda: client.get_pool(pool).allocation_state == "steady")
    return client.get_pool(pool)


def wait_until_gone(client: BatchClient, pool: str) -> None:
    def gone() -> bool:
        try:
            client.get_pool(pool)
        except ResourceNotFoundError:
            return True
        return False

    wait_until(gone)


def resize(client: BatchClient, pool: str, **options: object) -> None:
    client.begin_resize_pool(pool, models.BatchPoolResizeOptions(options), polling_interval=0)


def test_pool_reads_back_with_batchs_defaults(raw: Raw, name: str) -> None:
    image = {"publisher": "canonical", "offer": "ubuntu", "sku": "22_04"}
    machine = {"imageReference": image, "nodeAgentSKUId": "batch.node.ubuntu 22.04"}
    sent = {"id": name, "vmSize": "STANDARD_D2S_V3", "targetDedicatedNodes": 1, "virtualMachineConfiguration": machine}
    answer = raw("POST", "/pools", sent)
    url = f"{raw.status.batch_endpoint}/pools/{name}"
    assert (answer.status, answer.headers["location"], answer.content) == (201, url, b"")
    body = raw("GET", f"/pools/{name}").body
    created = body.pop("creationTime")
    assert body == {
        "odata.metadata": f"{raw.status.batch_endpoint}/$metadata#pools/@Element",
        "id": name,
        "url": url,
        "eTag": answer.headers["etag"],
        "lastModified": created,
        "state": "active",
        "stateTransitionTime": created,
        "allocationState": "resizing",
        "allocationStateTransitionTime": created,
        "vmSize": "standard_d2s_v3",
        "virtualMachineConfiguration": {**machine, "imageReference": {**image, "version": "latest"}},
        "resizeTimeout": "PT15M",
        "targetDedicatedNodes": 1,
        "targetLowPriorityNodes": 0,
        "currentDedicatedNodes": body["currentDedicatedNodes"],
        "currentLowPriorityNodes": 0,
        "enableAutoScale": False,
        "enableInterNodeCommunication": False,
        "taskSlotsPerNode": 1,
        "taskSchedulingPolicy": {"nodeFillType": "Spread"},
    }


def test_dedicated_and_spot_nodes_come_up_as_many_as_were_asked_for(client: BatchClient, name: str) -> None:
    make_pool(client, name, nodes=1, targetLowPriorityNodes=2)
    nodes = wait_for_nodes(client, name, nodes=3)
    assert sorted(bool(node.is_dedicated) for node in nodes) == [False, False, True]
    pool = wait_until_steady(client, name)
    assert (pool.current_dedicated_nodes, pool.current_low_priority_nodes) == (1, 2)
    assert len({node.ip_address for node in nodes}) == 3


def test_pool_without_nodes_is_steady_at_once(client: BatchClient, name: str) -> None:
    make_pool(client, name, nodes=0)
    assert client.get_pool(name).allocation_state == "steady"


def test_pool_exists_or_not_and_only_once(client: BatchClient, name: str) -> None:
    with pytest.raises(ResourceNotFoundError):  # the client's own way of saying no
        client.pool_exists(name)
    make_pool(client, name, nodes=0)
    assert client.pool_exists(name.upper())
    with pytest.raises(ResourceExistsError) as refusal:
        make_pool(client, name.upper(), nodes=0)
    assert (refusal.value.status_code, error_code(refusal.value)) == (409, "PoolExists")


def test_resize_adds_and_removes_nodes_and_takes_idle_ones_first(client: BatchClient, name: str) -> None:
    make_pool(client, name, nodes=1)
    make_job(client, name, name)
    client.create_task(name, task("long", "sleep 600"))
    busy = wait_for_state(client, name, "long", "running").node_info
    assert busy is not None
    wait_until_steady(client, name)
    resize(client, name, targetDedicatedNodes=3)
    assert client.get_pool(name).allocation_state == "resizing"
    wait_for_nodes(client, name, nodes=2)
    wait_until_steady(client, name)
    resize(client, name, targetDedicatedNodes=1)
    pool = wait_until_steady(client, name)
    assert (pool.target_dedicated_nodes, pool.current_dedicated_nodes) == (1, 1)
    assert [node.id for node in client.list_nodes(name)] == [busy.node_id]
    assert execution(client.get_task(name, "long")).requeue_count == 0


def test_resize_leaves_targets_that_it_does_not_name(client: BatchClient, name: str) -> None:
    make_pool(client, name, nodes=1, targetLowPriorityNodes=1)
    wait_until_steady(client, name)
    resize(client, name, targetLowPriorityNodes=0)
    pool = wait_until_steady(client, name)
    assert (pool.target_dedicated_nodes, pool.target_low_priority_nodes) == (1, 0)


def test_pool_shows_the_timeout_of_its_latest_resize(client: BatchClient, name: str) -> None:
    make_pool(client, name)
    (node,) = wait_for_nodes(client, name, nodes=1)
    resize(client, name, targetDedicatedNodes=1, resizeTimeout="PT1H")
    assert client.get_pool(name).resize_timeout == timedelta(hours=1)
    wait_until(lambda: client.get_pool(name).allocation_state == "steady")
    removal = models.BatchNodeRemoveOptions({"nodeList": [node.id], "resizeTimeout": "PT20M"})
    client.begin_remove_nodes(name, removal, polling_interval=0)
    assert client.get_pool(name).resize_timeout == timedelta(minutes=20)
    wait_until(lambda: client.get_pool(name).allocation_state == "steady")
    resize(client, name, targetDedicatedNodes=0)
    assert client.get_pool(name).resize_timeout == timedelta(minutes=15)


def test_pool_that_is_being_resized_is_not_resized_again(client: BatchClient, name: str) -> None:
    make_pool(client, name)
    make_job(client, name, name)
    client.create_task(name, task("long", "sleep 600"))
    wait_for_state(client, name, "long", "running")
    wait_until_steady(client, name)
    resize(client, name, targetDedicatedNodes=0, nodeDeallocationOption="taskcompletion")
    with pytest.raises(ResourceExistsError) as refusal:
        resize(client, name, targetDedicatedNodes=1)
    assert (refusal.value.status_code, error_code(refusal.value)) == (409, "PoolBeingResized")
    client.terminate_task(name, "long")
    wait_until_steady(client, name)


@pytest.mark.parametrize("option", [None, "requeue", "Requeue"])
def test_resize_with_requeue_lets_tasks_wait_again_without_spending_a_retry(
    client: BatchClient, name: str, option: str | None
) -> None:
    make_pool(client, name)
    make_job(client, name, name)
    client.create_task(name, task("long", sh("sleep 600; true")))
    wait_for_state(client, name, "long", "running")
    wait_until_steady(client, name)
    resize(client, name, targetDedicatedNodes=0, **({} if option is None else {"nodeDeallocationOption": option}))
    waiting = client.get_task(name, "long")
    info = execution(waiting)
    assert (waiting.state, waiting.previous_state, waiting.node_info) == ("active", "running", None)
    assert (info.requeue_count, info.retry_count, info.exit_code, info.start_time) == (1, 0, None, None)
    assert info.last_requeue_time is not None
    wait_until_steady(client, name)
    wait_until(lambda: not processes_naming(f"AZ_BATCH_JOB_ID={name}\0"), within=5)


def test_resize_with_terminate_ends_tasks(client: BatchClient, name: str) -> None:
    make_pool(client, name)
    make_job(client, name, name)
    client.create_task(name, task("long", "sleep 600"))
    wait_for_state(client, name, "long", "running")
    wait_until_steady(client, name)
    resize(client, name, targetDedicatedNodes=0, nodeDeallocationOption="terminate")
    done = client.get_task(name, "long")
    assert (done.state, execution(done).result, failure_code(done)) == ("completed", "failure", "TaskEnded")
    wait_until_steady(client, name)
    wait_until(lambda: not processes_naming(f"AZ_BATCH_JOB_ID={name}\0"), within=5)


@pytest.mark.parametrize("option", ["taskcompletion", "retaineddata"])
def test_resize_with_task_completion_waits_for_running_tasks_and_starts_no_others(
    client: BatchClient, name: str, option: str
) -> None:
    make_pool(client, name, taskSlotsPerNode=2)
    make_job(client, name, name)
    client.create_task(name, task("long", sh("while ! test -e ../go; do sleep 0.02; done; echo finished")))
    where = wait_for_state(client, name, "long", "running").node_info
    assert where is not None
    wait_until_steady(client, name)
    resize(client, name, targetDedicatedNodes=0, nodeDeallocationOption=option)
    client.create_task(name, task("late", "true"))
    helper = f"{name}-helper"
    make_pool(client, helper)
    make_job(client, helper, helper)
    go = f"$AZ_BATCH_NODE_ROOT_DIR/../{where.node_id}/workitems/{name}/job-1/long/go"
    assert client.get_pool(name).allocation_state == "resizing"
    run(client, helper, task("go", sh(f"touch {go}")))
    assert execution(completed(client, name, "long")).result == "success"
    wait_until_steady(client, name)
    assert (counts(client, name).active, client.get_task(name, "late").state) == (1, "active")
    assert list(client.list_nodes(name)) == []


def test_deleted_pools_tasks_wait_and_run_in_the_next_pool_of_that_id(client: BatchClient, name: str) -> None:
    make_pool(client, name, nodes=2)
    make_job(client, name, name)
    script = "test -e $AZ_BATCH_NODE_ROOT_DIR/../mark-$AZ_BATCH_JOB_ID && exit; sleep 600"
    client.create_tasks(name, [task("a", sh(script)), task("b", sh(script))])
    wait_for_state(client, name, "a", "running")
    wait_for_state(client, name, "b", "running")
    client.create_task(name, task("c", "true"))
    client.begin_delete_pool(name)
    wait_until_gone(client, name)
    assert client.get_job(name).state == "active"
    assert counts(client, name).active == 3
    assert not processes_naming(f"AZ_BATCH_JOB_ID={name}\0")
    helper = f"{name}-helper"
    make_pool(client, helper)
    make_job(client, helper, helper)
    run(client, helper, task("mark", sh(f"touch $AZ_BATCH_NODE_ROOT_DIR/../mark-{name}")))
    make_pool(client, name.upper())
    for task_id, requeues in (("a", 1), ("b", 1), ("c", 0)):
        info = execution(completed(client, name, task_id))
        assert (info.result, info.requeue_count) == ("success", requeues)
    assert read(client, name, "c") == b""


def test_pool_that_is_being_deleted_takes_no_changes(client: BatchClient, name: str) -> None:
    make_pool(client, name, nodes=3)
    client.begin_delete_pool(name)
    with pytest.raises(HttpResponseError) as refusal:
        client.begin_delete_pool(name)
    # The nodes may have gone before the second request came.
    assert error_code(refusal.value) in ("PoolBeingDeleted", "PoolNotFound")
    wait_until_gone(client, name)
    make_pool(client, name, nodes=0)


def test_poller_of_the_official_client_waits_for_a_pool_to_be_gone(client: BatchClient, name: str) -> None:
    make_pool(client, name)
    client.begin_delete_pool(name, polling_interval=0).wait(20)
    with pytest.raises(ResourceNotFoundError):
        client.get_pool(name)


def test_poller_of_the_official_client_waits_for_a_resize(client: BatchClient, name: str) -> None:
    make_pool(client, name, nodes=0)
    options = models.BatchPoolResizeOptions(target_dedicated_nodes=1)
    client.begin_resize_pool(name, options, polling_interval=0).wait(20)
    pool = client.get_pool(name)
    assert (pool.allocation_state, pool.current_dedicated_nodes) == ("steady", 1)


def test_filling_spreads_or_packs_tasks_as_the_pool_says(client: BatchClient, name: str) -> None:
    for fill, expected in (("Spread", {2}), ("Pack", {1, 3})):
        pool = f"{name}-{fill}"
        make_pool(client, pool, nodes=2, taskSlotsPerNode=3, taskSchedulingPolicy={"nodeFillType": fill})
        wait_for_nodes(client, pool, nodes=2)
        make_job(client, pool, pool)
        group = models.BatchTaskGroup(task_values=[task(f"t{i}", "sleep 600") for i in range(4)])
        client.create_task_collection(pool, group)
        wait_until(partial(running, client, pool, 4))
        assert {node.running_tasks_count for node in client.list_nodes(pool)} == expected


def running(client: BatchClient, job: str, number: int) -> bool:
    return counts(client, job).running == number


def test_unknown_size_of_machine_is_taken_as_it_is(client: BatchClient, name: str) -> None:
    make_pool(client, name, nodes=0, vmSize=VM_SIZE.upper())
    assert client.get_pool(name).vm_size == VM_SIZE
