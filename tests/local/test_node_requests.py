"""Nodes that are reimaged, deallocated and started, taken offline, and given users."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from azure.batch import BatchClient, models
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

from shoal.service_status import Status
from tests.blobs import make_container, names, signed_url
from tests.local.making import (
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
from tests.raw import Raw
from tests.waiting import wait_until


def only_node(client: BatchClient, pool: str) -> str:
    make_pool(client, pool)
    (node,) = wait_for_nodes(client, pool, nodes=1)
    return node.id


def wait_for_node(client: BatchClient, pool: str, node: str, state: str) -> models.BatchNode:
    wait_until(lambda: client.get_node(pool, node).state == state)
    return client.get_node(pool, node)


def disable(client: BatchClient, pool: str, node: str, option: str) -> None:
    options: Any = {"nodeDisableSchedulingOption": option}
    client.disable_node_scheduling(pool, node, options=options)


def reimage(client: BatchClient, pool: str, node: str) -> None:
    options: Any = {"nodeReimageOption": "requeue"}
    client.begin_reimage_node(pool, node, options=options, polling_interval=0).wait(30)


def deallocate(client: BatchClient, pool: str, node: str) -> None:
    options: Any = {"nodeDeallocateOption": "requeue"}
    client.begin_deallocate_node(pool, node, options=options, polling_interval=0).wait(30)


def test_reimaged_node_has_lost_its_files_and_is_prepared_again(client: BatchClient, name: str) -> None:
    node = only_node(client, name)
    preparation = {"commandLine": "true", "rerunOnNodeRebootAfterSuccess": False}
    make_job(client, name, name, jobPreparationTask=preparation)
    run(client, name, task("before", sh("touch $AZ_BATCH_NODE_SHARED_DIR/kept")))
    (first,) = client.list_job_preparation_and_release_task_status(name)
    reimage(client, name, node)
    run(client, name, task("after", sh("ls $AZ_BATCH_NODE_SHARED_DIR")))
    assert read(client, name, "after") == b""
    (again,) = client.list_job_preparation_and_release_task_status(name)
    before, after = first.job_preparation_task_execution_info, again.job_preparation_task_execution_info
    assert before is not None
    assert after is not None
    assert before.start_time < after.start_time


def test_task_on_a_node_that_is_reimaged_runs_again(client: BatchClient, name: str) -> None:
    node = only_node(client, name)
    make_job(client, name, name)
    once = sh(f"test -e /tmp/{name} || {{ touch /tmp/{name}; sleep 600; }}; rm /tmp/{name}")
    client.create_task(name, task("t", once))
    wait_for_state(client, name, "t", "running")
    wait_until(lambda: counts(client, name).running == 1)
    wait_until(Path(f"/tmp/{name}").exists)
    reimage(client, name, node)
    assert execution(completed(client, name, "t")).requeue_count == 1


def test_deallocated_node_stays_in_its_pool_without_work_until_it_is_started(client: BatchClient, name: str) -> None:
    node = only_node(client, name)
    make_job(client, name, name)
    client.create_task(name, task("long", "sleep 600"))
    wait_for_state(client, name, "long", "running")
    deallocate(client, name, node)
    assert client.get_node(name, node).state == "deallocated"
    pool = client.get_pool(name)
    assert (pool.current_dedicated_nodes, pool.allocation_state) == (1, "steady")
    assert client.get_task(name, "long").state == "active"
    with pytest.raises(ResourceExistsError) as refusal:
        deallocate(client, name, node)
    assert error_code(refusal.value) == "OperationInvalidForCurrentState"
    client.begin_start_node(name, node, polling_interval=0).wait(30)
    wait_for_state(client, name, "long", "running")


def test_only_a_deallocated_node_can_be_started(client: BatchClient, name: str) -> None:
    node = only_node(client, name)
    with pytest.raises(ResourceExistsError) as refusal:
        client.begin_start_node(name, node)
    assert error_code(refusal.value) == "OperationInvalidForCurrentState"


def test_pool_with_a_deallocated_node_shrinks_and_goes(client: BatchClient, name: str) -> None:
    node = only_node(client, name)
    deallocate(client, name, node)
    client.begin_resize_pool(name, models.BatchPoolResizeOptions(target_dedicated_nodes=0), polling_interval=0).wait(20)
    assert list(client.list_nodes(name)) == []


@pytest.mark.parametrize(("option", "state"), [("requeue", "active"), ("terminate", "completed")])
def test_node_that_is_taken_offline_gives_up_its_tasks(client: BatchClient, name: str, option: str, state: str) -> None:
    node = only_node(client, name)
    make_job(client, name, name)
    client.create_task(name, task("long", "sleep 600"))
    wait_for_state(client, name, "long", "running")
    disable(client, name, node, option)
    assert client.get_node(name, node).scheduling_state == "disabled"
    wait_for_node(client, name, node, "offline")
    ended = client.get_task(name, "long")
    assert ended.state == state
    assert failure_code(ended) == ("TaskEnded" if state == "completed" else None)
    client.create_task(name, task("waits", "true"))
    with pytest.raises(ResourceExistsError) as refusal:
        disable(client, name, node, option)
    assert error_code(refusal.value) == "NodeAlreadyInTargetSchedulingState"
    if state == "active":
        client.terminate_task(name, "long")
    assert client.get_task(name, "waits").state == "active"
    client.enable_node_scheduling(name, node)
    completed(client, name, "waits")
    assert client.get_node(name, node).scheduling_state == "enabled"


def test_node_is_offline_once_its_last_task_has_ended_and_stays_so_through_a_reboot(
    client: BatchClient, name: str
) -> None:
    node = only_node(client, name)
    make_job(client, name, name)
    client.create_task(name, task("t", "sleep 1"))
    wait_for_state(client, name, "t", "running")
    disable(client, name, node, "taskcompletion")
    assert client.get_node(name, node).state == "running"
    wait_for_node(client, name, node, "offline")
    assert execution(client.get_task(name, "t")).result == "success"
    options: Any = {"nodeRebootOption": "requeue"}
    client.begin_reboot_node(name, node, options=options, polling_interval=0).wait(20)
    assert wait_for_node(client, name, node, "offline").scheduling_state == "disabled"


def test_scheduling_that_is_enabled_cannot_be_enabled(client: BatchClient, one_node: str) -> None:
    (node,) = client.list_nodes(one_node)
    with pytest.raises(ResourceExistsError) as refusal:
        client.enable_node_scheduling(one_node, node.id)
    assert error_code(refusal.value) == "NodeAlreadyInTargetSchedulingState"


def test_users_of_a_node_are_created_replaced_and_deleted(client: BatchClient, raw: Raw, name: str) -> None:
    node = only_node(client, name)
    user = {"name": "ann", "password": "secret", "isAdmin": True}
    answer = raw("POST", f"/pools/{name}/nodes/{node}/users", user)
    url = f"{raw.status.batch_endpoint}/pools/{name}/nodes/{node}/users/ann"
    assert (answer.status, answer.headers["location"]) == (201, url)
    with pytest.raises(ResourceExistsError) as exists:
        client.create_node_user(name, node, models.BatchNodeUserCreateOptions(name="Ann"))
    assert error_code(exists.value) == "NodeUserExists"
    client.replace_node_user(name, node, "ann", models.BatchNodeUserReplaceOptions(password="other"))
    client.delete_node_user(name, node, "ann")
    gone: list[Callable[[], None]] = [
        lambda: client.delete_node_user(name, node, "ann"),
        lambda: client.replace_node_user(name, node, "ann", models.BatchNodeUserReplaceOptions()),
    ]
    for call in gone:
        with pytest.raises(ResourceNotFoundError) as missing:
            call()
        assert error_code(missing.value) == "NodeUserNotFound"


def test_node_tells_where_to_log_in_and_has_no_extensions(client: BatchClient, one_node: str) -> None:
    (node,) = client.list_nodes(one_node)
    settings = client.get_node_remote_login_settings(one_node, node.id)
    assert (settings.remote_login_ip_address, settings.remote_login_port) == (node.ip_address, 50000)
    assert list(client.list_node_extensions(one_node, node.id)) == []
    with pytest.raises(ResourceNotFoundError):
        client.get_node_extension(one_node, node.id, "any")


def test_log_of_a_node_is_uploaded(client: BatchClient, service: Status, one_node: str, name: str) -> None:
    (node,) = client.list_nodes(one_node)
    container = make_container(service, name)
    options = models.UploadBatchServiceLogsOptions(
        container_url=signed_url(service, container, "wc"), start_time=datetime(2026, 1, 1, tzinfo=UTC)
    )
    result = client.upload_node_logs(one_node, node.id, options)
    assert result.number_of_files_uploaded == 1
    assert wait_until(lambda: names(container)) == [f"{result.virtual_directory_name}/{node.id}.log"]
