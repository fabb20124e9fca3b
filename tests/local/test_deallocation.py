"""Running tasks whose nodes leave the pool, for each deallocation option."""

from pathlib import Path

import pytest
from azure.batch import BatchClient, models

from tests.local.making import (
    VM_SIZE,
    completed,
    execution,
    failure_code,
    make_job,
    make_pool,
    sh,
    task,
    wait_for_state,
)
from tests.waiting import wait_until


@pytest.fixture
def signal(tmp_path: Path) -> Path:
    """The task `long` runs until this file is there."""
    return tmp_path / "go"


def until(signal: Path) -> str:
    return sh(f"until test -e {signal}; do sleep 0.05; done")


def occupied_pool(client: BatchClient, name: str, signal: Path) -> None:
    """One node of one slot, on which the task `long` runs."""
    make_pool(client, name)
    make_job(client, name, name)
    client.create_task(name, task("long", until(signal)))
    wait_for_state(client, name, "long", "running")
    wait_until(lambda: client.get_pool(name).allocation_state == "steady")


def shrink(client: BatchClient, name: str, option: str) -> None:
    client.begin_resize_pool(
        name, models.BatchPoolResizeOptions(target_dedicated_nodes=0, node_deallocation_option=option)
    )


def gone(client: BatchClient, name: str) -> bool:
    return not list(client.list_nodes(name))


def test_requeue_ends_the_run_at_once_and_the_task_waits_for_another_node(
    client: BatchClient, name: str, signal: Path
) -> None:
    occupied_pool(client, name, signal)
    shrink(client, name, "requeue")
    waiting = wait_for_state(client, name, "long", "active")
    assert (execution(waiting).requeue_count, execution(waiting).retry_count) == (1, 0)
    wait_until(lambda: gone(client, name))
    assert client.get_task(name, "long").state == "active"


def test_terminate_ends_the_task_as_a_failure(client: BatchClient, name: str, signal: Path) -> None:
    occupied_pool(client, name, signal)
    shrink(client, name, "terminate")
    done = completed(client, name, "long")
    assert (done.execution_info and done.execution_info.result, failure_code(done)) == ("failure", "TaskEnded")
    wait_until(lambda: gone(client, name))


def test_job_whose_last_task_ends_with_its_node_ends_too(client: BatchClient, name: str, signal: Path) -> None:
    occupied_pool(client, name, signal)
    client.update_job(name, models.BatchJobUpdateOptions(all_tasks_complete_mode="terminatejob"))
    shrink(client, name, "terminate")
    wait_until(lambda: client.get_job(name).state == "completed")


@pytest.mark.parametrize("option", ["taskcompletion", "retaineddata"])
def test_node_that_drains_finishes_its_task_takes_no_other_and_leaves(
    client: BatchClient, name: str, signal: Path, option: str
) -> None:
    occupied_pool(client, name, signal)
    client.create_task(name, task("next", "true"))
    shrink(client, name, option)
    assert client.get_pool(name).allocation_state == "resizing"
    signal.touch()
    wait_until(lambda: gone(client, name))
    assert execution(completed(client, name, "long")).exit_code == 0
    assert execution(client.get_task(name, "long")).requeue_count == 0
    assert client.get_task(name, "next").state == "active"
    wait_until(lambda: client.get_pool(name).allocation_state == "steady")


def test_formula_that_grows_again_keeps_the_node_that_drains(client: BatchClient, name: str, signal: Path) -> None:
    # Follows the tasks that wait, not those that run: so the node drains while `long` runs, and is wanted for `second`.
    formula = "$TargetDedicatedNodes = min(1, $ActiveTasks.GetSample(1)); $NodeDeallocationOption = taskcompletion;"
    body = {"enableAutoScale": True, "autoScaleFormula": formula, "autoScaleEvaluationInterval": "PT1S"}
    client.create_pool(models.BatchPoolCreateOptions({"id": name, "vmSize": VM_SIZE, "taskSlotsPerNode": 2, **body}))
    make_job(client, name, name)
    client.create_task(name, task("long", until(signal)))
    wait_for_state(client, name, "long", "running")
    (node,) = client.list_nodes(name)
    wait_until(lambda: client.get_pool(name).target_dedicated_nodes == 0)
    assert [seen.id for seen in client.list_nodes(name)] == [node.id]
    client.create_task(name, task("second", f"touch {signal}"))
    assert execution(completed(client, name, "second")).exit_code == 0
    assert execution(completed(client, name, "long")).requeue_count == 0
    ran = client.get_task(name, "second").node_info
    assert ran is not None
    assert ran.node_id == node.id
    wait_until(lambda: gone(client, name))
