"""Pools whose nodes are simulated: everything is seen as on real nodes, and nothing runs."""

import subprocess
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from azure.batch import BatchClient, models
from azure.core.exceptions import HttpResponseError

from shoal.local.scheduler import pool_samples
from shoal.service_status import Status
from tests.local.making import (
    VM_SIZE,
    completed,
    counts,
    error_code,
    execution,
    failure_code,
    make_job,
    make_pool,
    run,
    task,
    wait_for_state,
)
from tests.services import batch_client, running_service
from tests.waiting import wait_until

GROW_AND_SHRINK = """
$tasks = max($PendingTasks.GetSample(1), avg($PendingTasks.GetSample(TimeInterval_Minute * 10)));
$TargetLowPriorityNodes = min(150, ceil($tasks / $TaskSlotsPerNode));
$NodeDeallocationOption = taskcompletion;
"""


def simulated(value: str) -> dict[str, Any]:
    return {"metadata": [{"name": "shoal:simulate", "value": value}]}


def environment(value: str) -> dict[str, Any]:
    return {"environmentSettings": [{"name": "SHOAL_SIMULATE", "value": value}]}


def processes_below(status: Status) -> int:
    found = subprocess.run(["pgrep", "-fc", f"{status.state_dir}/nodes/tvmsim"], capture_output=True, check=False)
    return int(found.stdout)


def test_simulated_pool_of_150_nodes_grows_for_its_tasks_and_is_at_zero_again(
    client: BatchClient, service: Status, name: str
) -> None:
    scaling = {"enableAutoScale": True, "autoScaleFormula": GROW_AND_SHRINK, "autoScaleEvaluationInterval": "PT5M"}
    shape = {"id": name, "vmSize": VM_SIZE, "taskSlotsPerNode": 4, "startTask": {"commandLine": "false"}}
    client.create_pool(models.BatchPoolCreateOptions({**shape, **scaling, **simulated("1440x")}))
    make_job(client, name, name)
    client.create_tasks(name, [task(f"t{number}", "false") for number in range(900)])
    wait_until(lambda: len(list(client.list_nodes(name))) == 150)
    wait_until(lambda: [node for node in client.list_nodes(name) if node.running_task_slots_count == 4])
    wait_until(lambda: counts(client, name).succeeded == 900)
    assert processes_below(service) == 0
    wait_until(lambda: not list(client.list_nodes(name)))
    evaluated = client.get_pool(name).auto_scale_run
    assert evaluated is not None
    assert evaluated.error is None


def _add_at_once(client: BatchClient, job: str, pool: str, *, tasks: int) -> None:
    """Add a job whose tasks wait until all of them are there: the first must not end before."""
    make_job(client, job, pool)
    client.begin_disable_job(job, models.BatchJobDisableOptions(disable_tasks="requeue"), polling_interval=1).wait()
    client.create_tasks(job, [task(f"t{number}", "true") for number in range(tasks)])
    client.begin_enable_job(job, polling_interval=1).wait()


def _is_past(moment: float) -> bool:
    return time.monotonic() > moment


def _has_size(client: BatchClient, pool: str, nodes: int) -> bool:
    return client.get_pool(pool).current_low_priority_nodes == nodes


def _have_succeeded(client: BatchClient, job: str, number: int) -> bool:
    return counts(client, job).succeeded == number


@pytest.mark.soak
def test_pool_of_1000_nodes_lives_through_a_virtual_day_in_under_a_minute(client: BatchClient, name: str) -> None:
    """Three waves of tasks, eight virtual hours apart: up to all nodes and down to zero each time."""
    formula = GROW_AND_SHRINK.replace("150", "1000")
    scaling = {"enableAutoScale": True, "autoScaleFormula": formula, "autoScaleEvaluationInterval": "PT5M"}
    shape = {"id": name, "vmSize": VM_SIZE, "taskSlotsPerNode": 4, **scaling}
    value = simulated("{speed: 1800x, duration: {uniform: [30m, 90m]}}")
    began = time.monotonic()
    client.create_pool(models.BatchPoolCreateOptions({**shape, **value}))
    for wave in range(3):
        job, due = f"{name}-{wave}", began + 16 * wave
        wait_until(partial(_is_past, due))
        _add_at_once(client, job, name, tasks=4000)
        wait_until(partial(_has_size, client, name, 1000))
        wait_until(partial(_have_succeeded, client, job, 4000))
        wait_until(partial(_has_size, client, name, 0))
        assert all(execution(done).requeue_count == 0 for done in client.list_tasks(job))
    assert time.monotonic() - began < 60


@pytest.fixture
def one_simulated(client: BatchClient, name: str) -> str:
    """A job on a pool of one simulated dedicated node, where an hour is a second."""
    make_pool(client, name, taskSlotsPerNode=4, **simulated("{speed: 3600x, duration: 10m}"))
    make_job(client, name, name)
    return name


def test_task_ends_as_its_environment_declares(client: BatchClient, one_simulated: str) -> None:
    done = run(client, one_simulated, task("t", "true", **environment("{duration: 20m, exit_code: 3}")))
    assert (execution(done).exit_code, failure_code(done)) == (3, "FailureExitCode")
    took = execution(done).end_time - execution(done).start_time  # type: ignore[operator]
    assert 0.33 < took.total_seconds() < 2


def test_task_over_its_time_limit_is_ended_in_virtual_time(client: BatchClient, one_simulated: str) -> None:
    done = run(client, one_simulated, task("t", "true", constraints={"maxWallClockTime": "PT5M"}))
    assert failure_code(done) == "TaskEnded"


def test_multi_instance_task_is_coordinated_on_its_nodes_before_its_own_command(client: BatchClient, name: str) -> None:
    virtual_hours = simulated("{speed: 3600x, start_task: 30m, duration: 1h}")
    make_pool(client, name, nodes=2, enableInterNodeCommunication=True, **virtual_hours)
    make_job(client, name, name)
    settings = {"numberOfInstances": 2, "coordinationCommandLine": "true"}
    client.create_task(name, task("never", "true", multiInstanceSettings=settings | {"numberOfInstances": 2**31 - 1}))
    late = task("late", "true", multiInstanceSettings=settings, constraints={"maxWallClockTime": "PT75M"})
    done = run(client, name, task("t", "true", multiInstanceSettings=settings))
    took = execution(done).end_time - execution(done).start_time  # type: ignore[operator]
    assert took.total_seconds() > 1.45, "both commands, one after the other"
    assert [(subtask.exit_code, subtask.state) for subtask in client.list_subtasks(name, "t")] == [(0, "completed")]
    assert failure_code(run(client, name, late)) == "TaskEnded"
    assert client.get_task(name, "never").state == "active"


def test_task_whose_declaration_is_wrong_fails_and_says_so(client: BatchClient, one_simulated: str) -> None:
    done = run(client, one_simulated, task("t", "true", **environment("soon")))
    info = execution(done).failure_info
    assert info is not None
    assert info.code == "CommandLaunchFailed"
    assert str(info.message).startswith("The run could not be simulated: SHOAL_SIMULATE: duration: 'soon' is not")


def test_files_of_a_simulated_task_are_refused_with_the_reason(client: BatchClient, one_simulated: str) -> None:
    run(client, one_simulated, task("t", "echo hello"))
    with pytest.raises(HttpResponseError, match="the run was simulated") as refusal:
        list(client.list_task_files(one_simulated, "t"))
    assert error_code(refusal.value) == "TaskFilesUnavailable"


def test_wrong_value_refuses_the_pool(client: BatchClient, name: str) -> None:
    with pytest.raises(HttpResponseError, match="InvalidPropertyValue") as refusal:
        make_pool(client, name, **simulated("fast"))
    assert "shoal:simulate: speed: Input should be a valid number" in str(refusal.value)


def test_pool_with_nodes_cannot_become_simulated_or_real(client: BatchClient, one_simulated: str) -> None:
    with pytest.raises(HttpResponseError, match="only while the pool has no nodes") as refusal:
        client.update_pool(one_simulated, models.BatchPoolUpdateOptions(metadata=[]))
    assert error_code(refusal.value) == "OperationNotValidOnPool"


def test_evicted_tasks_wait_again_and_their_nodes_come_back(client: BatchClient, name: str) -> None:
    rough = "{speed: 3600x, boot: 2m, duration: 30m, evictions_per_node_hour: 1, restore: 5m}"
    body = {"targetDedicatedNodes": 0, "targetLowPriorityNodes": 20, **simulated(rough)}
    make_pool(client, name, nodes=0, taskSlotsPerNode=4, **body)
    make_job(client, name, name)
    client.create_tasks(name, [task(f"t{number}", "true") for number in range(100)])
    wait_until(lambda: counts(client, name).succeeded == 100)
    requeues = [execution(done).requeue_count for done in client.list_tasks(name)]
    assert len(requeues) == 100
    assert sum(requeues) > 0
    assert len(list(client.list_nodes(name))) == 20


def test_simulated_nodes_and_their_tasks_are_there_again_after_a_restart(tmp_path: Path) -> None:
    with running_service(tmp_path) as status, batch_client(status) as client:
        make_pool(client, "sim", nodes=30, taskSlotsPerNode=2, **simulated("{speed: 120x, boot: 1s, duration: 100s}"))
        make_job(client, "work", "sim")
        client.create_tasks("work", [task(f"t{number}", "true") for number in range(90)])
        wait_until(lambda: counts(client, "work").running == 60)
        before = {node.id for node in client.list_nodes("sim")}
    with running_service(tmp_path) as status, batch_client(status) as client:
        assert {node.id for node in client.list_nodes("sim")} == before
        wait_until(lambda: counts(client, "work").succeeded == 90)
        assert sum(node.total_tasks_run or 0 for node in client.list_nodes("sim")) == 90


def test_run_goes_on_after_a_restart_in_virtual_time_without_a_second_attempt(tmp_path: Path) -> None:
    with running_service(tmp_path) as status, batch_client(status) as client:
        make_pool(client, "sim", taskSlotsPerNode=2, **simulated("{speed: 60x, boot: 1s, duration: 4m}"))
        make_job(client, "work", "sim", jobPreparationTask={"commandLine": "true"})
        client.create_tasks("work", [task("t", "true"), task("short", "true", **environment("30s"))])
        begun = execution(wait_for_state(client, "work", "t", "running")).start_time
    with running_service(tmp_path) as status, batch_client(status) as client:
        done = execution(completed(client, "work", "t"))
        assert (done.start_time, done.requeue_count, done.exit_code) == (begun, 0, 0)
        assert (done.end_time - begun).total_seconds() >= 4  # type: ignore[operator]
        assert execution(completed(client, "work", "short")).requeue_count == 0
        # Neither booted nor prepared again.
        run(client, "work", task("next", "true", **environment("1s")))
        assert [
            status.job_preparation_task_execution_info.start_time < begun  # type: ignore[operator, union-attr]
            for status in client.list_job_preparation_and_release_task_status("work")
        ] == [True]


def test_samples_that_virtual_time_has_passed_are_made_up_for() -> None:
    assert pool_samples.due(None, 1000, 10) == (1000,)
    assert pool_samples.due(980, 1000, 10) == [990, 1000]
    assert len(pool_samples.due(0, 1_000_000, 10)) == pool_samples.MOST_AT_ONCE
