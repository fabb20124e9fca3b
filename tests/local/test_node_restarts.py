"""Nodes that are rebooted or removed by request, with what happens to their tasks."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from azure.batch import BatchClient, models
from azure.core.exceptions import HttpResponseError

from shoal.service_status import Status
from tests.local.making import (
    completed,
    error_code,
    execution,
    failure_code,
    make_job,
    make_pool,
    sh,
    task,
    wait_for_nodes,
    wait_for_state,
)
from tests.processes import processes_naming
from tests.raw import Raw
from tests.waiting import wait_until

BROKEN = {"commandLine": sh("echo broken >&2; exit 3"), "waitForSuccess": True}
MENDED = {"commandLine": "/bin/true", "waitForSuccess": True}


@pytest.fixture
def signal(tmp_path: Path) -> Iterator[Path]:
    """The task `long` runs until this file is there."""
    yield tmp_path / "go"
    (tmp_path / "go").touch()


def occupied_node(client: BatchClient, name: str, signal: Path, **properties: Any) -> models.BatchNode:
    """Return a node of one slot, on which the task `long` runs."""
    make_pool(client, name, **properties)
    make_job(client, name, name)
    client.create_task(name, task("long", sh(f"until test -e {signal}; do sleep 0.05; done")))
    wait_for_state(client, name, "long", "running")
    wait_until(lambda: client.get_pool(name).allocation_state == "steady")
    (node,) = client.list_nodes(name)
    return node


def reboot_options(option: str) -> Any:
    # The client does not export the model, and takes its JSON.
    return {"nodeRebootOption": option}


def reboot(client: BatchClient, pool: str, node: models.BatchNode, option: str) -> None:
    client.begin_reboot_node(pool, str(node.id), reboot_options(option), polling_interval=0)


def rebooted(client: BatchClient, pool: str, before: models.BatchNode, state: str = "idle") -> models.BatchNode:
    """Return the node once it has started again and reached the state."""

    def found() -> models.BatchNode | None:
        node = client.get_node(pool, str(before.id))
        assert before.last_boot_time is not None
        again = node.last_boot_time is not None and node.last_boot_time > before.last_boot_time
        return node if again and node.state == state else None

    node = wait_until(found)
    assert node is not None
    return node


def redefine_start_task(service: Status, pool: str, start_task: dict[str, Any]) -> None:
    """Give the pool another start task in the service's own state, whichever way clients may take to do so."""
    with sqlite3.connect(Path(service.state_dir) / "batch.db", timeout=10) as connection:
        (definition,) = connection.execute("SELECT definition FROM pools WHERE id = ?", (pool,)).fetchone()
        body = {**orjson.loads(definition), "startTask": start_task}
        connection.execute("UPDATE pools SET definition = ? WHERE id = ?", (orjson.dumps(body), pool))
    connection.close()


def command_line(node: models.BatchNode) -> str | None:
    return node.start_task.command_line if node.start_task else None


def test_node_keeps_the_start_task_it_ran_until_a_reboot_runs_the_pools_present_one(
    service: Status, client: BatchClient, name: str
) -> None:
    make_pool(client, name, startTask=BROKEN)
    (failed,) = wait_for_nodes(client, name, nodes=1, state="starttaskfailed")
    redefine_start_task(service, name, MENDED)
    (still,) = client.list_nodes(name)
    assert (still.state, command_line(still)) == ("starttaskfailed", BROKEN["commandLine"])
    reboot(client, name, failed, "requeue")
    mended = rebooted(client, name, failed)
    assert command_line(mended) == "/bin/true"
    assert mended.start_task_info is not None
    assert (mended.start_task_info.exit_code, mended.start_task_info.result) == (0, "success")
    assert mended.allocation_time == failed.allocation_time


def test_reboot_with_requeue_ends_the_run_and_the_task_runs_again(client: BatchClient, name: str, signal: Path) -> None:
    node = occupied_node(client, name, signal)
    reboot(client, name, node, "requeue")
    rebooted(client, name, node, "running")
    again = execution(client.get_task(name, "long"))
    assert (again.requeue_count, again.retry_count) == (1, 0)
    assert len(processes_naming(str(signal))) <= 2, "the first run has ended: a shell and perhaps its sleep are left"
    signal.touch()
    assert execution(completed(client, name, "long")).exit_code == 0


def test_reboot_with_terminate_ends_the_task_as_a_failure(client: BatchClient, name: str, signal: Path) -> None:
    node = occupied_node(client, name, signal)
    reboot(client, name, node, "terminate")
    assert failure_code(completed(client, name, "long")) == "TaskEnded"
    rebooted(client, name, node)


@pytest.mark.parametrize("option", ["taskcompletion", "retaineddata"])
def test_node_that_reboots_after_its_tasks_takes_no_other_meanwhile(
    client: BatchClient, name: str, signal: Path, option: str
) -> None:
    node = occupied_node(client, name, signal, taskSlotsPerNode=2)
    reboot(client, name, node, option)
    client.create_task(name, task("next", "true"))
    waiting = client.get_node(name, str(node.id))
    assert (waiting.state, waiting.running_tasks_count, waiting.last_boot_time) == ("rebooting", 1, node.last_boot_time)
    assert client.get_task(name, "next").state == "active"
    signal.touch()
    assert execution(completed(client, name, "long")).requeue_count == 0
    assert execution(completed(client, name, "next")).exit_code == 0
    rebooted(client, name, node)


def test_client_waits_for_the_end_of_a_reboot(client: BatchClient, name: str) -> None:
    make_pool(client, name)
    (node,) = wait_for_nodes(client, name, nodes=1)
    client.begin_reboot_node(name, str(node.id), reboot_options("requeue"), polling_interval=0).wait()
    rebooted(client, name, node)


def test_reboot_takes_as_long_as_a_boot_and_the_node_can_leave_meanwhile(
    service: Status, client: BatchClient, name: str
) -> None:
    make_pool(client, name)
    (node,) = wait_for_nodes(client, name, nodes=1)
    with service.chaos(boot_seconds=600):
        reboot(client, name, node, "requeue")
        wait_until(lambda: not processes_naming(str(node.id)))
        assert client.get_node(name, str(node.id)).state == "rebooting"
        assert client.get_pool(name).allocation_state == "steady"
        client.begin_remove_nodes(name, models.BatchNodeRemoveOptions(node_ids=[str(node.id)]), polling_interval=0)
        wait_until(lambda: not list(client.list_nodes(name)))


@pytest.mark.parametrize(
    ("conditions", "state", "code"),
    [
        ({"unusable_share": 1}, "unusable", "NodeStateUnusable"),
        ({"boot_seconds": 600}, "creating", "NodeBeingCreated"),
    ],
)
def test_node_that_cannot_be_rebooted_now_says_so(
    service: Status, client: BatchClient, name: str, conditions: dict[str, Any], state: str, code: str
) -> None:
    with service.chaos(**conditions):
        make_pool(client, name)
        (node,) = wait_for_nodes(client, name, nodes=1, state=state)
    with pytest.raises(HttpResponseError) as refusal:
        reboot(client, name, node, "requeue")
    assert (refusal.value.status_code, error_code(refusal.value)) == (409, code)


def test_removed_nodes_leave_and_lower_the_targets(client: BatchClient, name: str) -> None:
    make_pool(client, name, nodes=2, targetLowPriorityNodes=1)
    nodes = wait_for_nodes(client, name, nodes=3)
    wait_until(lambda: client.get_pool(name).allocation_state == "steady")
    leaving = [str(node.id) for node in nodes if not node.is_dedicated]
    leaving.append(next(str(node.id) for node in nodes if node.is_dedicated))
    client.begin_remove_nodes(name, models.BatchNodeRemoveOptions(node_ids=leaving), polling_interval=0).wait()
    (staying,) = client.list_nodes(name)
    assert str(staying.id) not in leaving
    pool = client.get_pool(name)
    assert (pool.target_dedicated_nodes, pool.target_low_priority_nodes) == (1, 0)
    assert pool.allocation_state == "steady"


def test_removed_node_finishes_its_task_if_it_may(client: BatchClient, name: str, signal: Path) -> None:
    node = occupied_node(client, name, signal)
    options = models.BatchNodeRemoveOptions(node_ids=[str(node.id)], node_deallocation_option="taskcompletion")
    client.begin_remove_nodes(name, options, polling_interval=0)
    assert client.get_pool(name).allocation_state == "resizing"
    with pytest.raises(HttpResponseError) as refusal:
        client.begin_remove_nodes(name, options, polling_interval=0)
    assert error_code(refusal.value) == "PoolBeingResized"
    signal.touch()
    assert execution(completed(client, name, "long")).exit_code == 0
    wait_until(lambda: not list(client.list_nodes(name)))


@pytest.mark.parametrize(
    ("nodes", "status", "code"),
    [(["nowhere"], 404, "NodeNotFound"), ([], 400, "InvalidPropertyValue"), (["x"] * 101, 400, "InvalidPropertyValue")],
)
def test_removal_of_no_nodes_of_too_many_or_of_one_that_is_not_there_is_refused(
    client: BatchClient, raw: Raw, name: str, nodes: list[str], status: int, code: str
) -> None:
    make_pool(client, name, nodes=0)
    answer = raw("POST", f"/pools/{name}/removenodes", {"nodeList": nodes})
    assert (answer.status, answer.code) == (status, code)
