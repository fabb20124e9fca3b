"""Pools that follow a formula: the service's loop, the samples it takes, Spot nodes that are taken away."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.batch import BatchClient, models
from azure.core.exceptions import HttpResponseError

from shoal.service_status import Status, read_status
from tests.local.making import sh
from tests.services import batch_client, running_service, start_service, stop_service
from tests.waiting import wait_until

pytestmark = pytest.mark.xdist_group("autoscaling")  # one service for all of them

FOLLOW_THE_QUEUE = """
$tasks = max(0, $PendingTasks.GetSample(1));
$TargetLowPriorityNodes = min(3, ($tasks + 1) / $TaskSlotsPerNode);
$NodeDeallocationOption = taskcompletion;
"""


@pytest.fixture(scope="module")
def own_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Status]:
    """Chaos is a service's, so these tests do not share one with others."""
    with running_service(tmp_path_factory.mktemp("autoscaling")) as status:
        yield status


@pytest.fixture
def batch(own_service: Status) -> Iterator[BatchClient]:
    with batch_client(own_service) as client:
        yield client


def add_pool(client: BatchClient, pool: str, formula: str, *, interval: str = "PT1S", slots: int = 2) -> None:
    client.create_pool(
        models.BatchPoolCreateOptions(
            {
                "id": pool,
                "vmSize": "standard_d2s_v3",
                "enableAutoScale": True,
                "autoScaleFormula": formula,
                "autoScaleEvaluationInterval": interval,
                "taskSlotsPerNode": slots,
            }
        )
    )


def add_tasks(client: BatchClient, name: str, commands: list[str]) -> None:
    client.create_job(models.BatchJobCreateOptions(id=name, pool_info=models.BatchPoolInfo(pool_id=name)))
    tasks = [models.BatchTaskCreateOptions(id=f"t{i}", command_line=line) for i, line in enumerate(commands)]
    client.create_tasks(name, tasks)


def last_run(client: BatchClient, pool: str) -> models.AutoScaleRun:
    run = wait_until(lambda: client.get_pool(pool).auto_scale_run)
    assert run is not None
    return run


def chaos(status: Status, *options: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "shoal", "local", "chaos", "--state", status.state_dir, *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])


def test_pool_grows_for_its_tasks_and_is_at_zero_again_afterwards(batch: BatchClient, name: str) -> None:
    add_pool(batch, name, FOLLOW_THE_QUEUE)
    add_tasks(batch, name, ["sleep 0.3"] * 24)
    wait_until(lambda: batch.get_pool(name).target_low_priority_nodes == 3)
    wait_until(lambda: batch.get_job_task_counts(name).task_counts.succeeded == 24)
    wait_until(lambda: not list(batch.list_nodes(name)))
    assert all(task.execution_info and task.execution_info.requeue_count == 0 for task in batch.list_tasks(name))


def test_evaluation_reports_results_in_batch_s_form(batch: BatchClient, name: str) -> None:
    add_pool(batch, name, "$TargetDedicatedNodes = 0; $NodeDeallocationOption = taskcompletion; half = 1 / 2;")
    assert last_run(batch, name).results == (
        "$TargetDedicatedNodes=0;$TargetLowPriorityNodes=0;$NodeDeallocationOption=taskcompletion;half=0.5"
    )


def test_failed_evaluation_is_reported_and_changes_nothing(batch: BatchClient, name: str) -> None:
    add_pool(batch, name, "$TargetDedicatedNodes = avg($PendingTasks.GetSample(TimeInterval_Hour, 90));")
    error = last_run(batch, name).error
    assert error is not None
    assert error.code == "InsufficientSampleData"
    assert batch.get_pool(name).target_dedicated_nodes == 0


def test_formula_that_does_not_parse_is_refused_with_its_place(batch: BatchClient, name: str) -> None:
    with pytest.raises(HttpResponseError) as caught:
        add_pool(batch, name, "$TargetDedicatedNodes = ;")
    assert caught.value.error is not None
    assert caught.value.error.code == "AutoScalingFormulaSyntaxError"
    assert "Line 1, Col" in str(caught.value.error.details[0].message)


def test_pool_with_a_formula_takes_no_targets_and_no_resize(batch: BatchClient, name: str) -> None:
    add_pool(batch, name, "$TargetDedicatedNodes = 0;")
    wait_until(lambda: batch.get_pool(name).allocation_state == "steady")
    with pytest.raises(HttpResponseError, match="scales automatically"):
        batch.begin_resize_pool(name, models.BatchPoolResizeOptions(target_dedicated_nodes=1))


def test_autoscaling_is_turned_off_tried_and_on_again(batch: BatchClient, name: str) -> None:
    add_pool(batch, name, "$TargetDedicatedNodes = 0;")
    trial = models.BatchPoolEvaluateAutoScaleOptions(auto_scale_formula="$TargetDedicatedNodes = 7;")
    assert (batch.evaluate_pool_auto_scale(name, trial).results or "").startswith("$TargetDedicatedNodes=7;")
    assert batch.get_pool(name).target_dedicated_nodes == 0
    batch.disable_pool_auto_scale(name)
    assert batch.get_pool(name).enable_auto_scale is False
    with pytest.raises(HttpResponseError, match="not enabled"):
        batch.evaluate_pool_auto_scale(name, trial)
    enabling = models.BatchPoolEnableAutoScaleOptions(
        {"autoScaleFormula": "$TargetDedicatedNodes = 1;", "autoScaleEvaluationInterval": "PT5M"}
    )
    batch.enable_pool_auto_scale(name, enabling)
    wait_until(lambda: batch.get_pool(name).current_dedicated_nodes == 1)
    wait_until(lambda: batch.get_pool(name).allocation_state == "steady")
    with pytest.raises(HttpResponseError, match="once every 30 seconds"):
        batch.enable_pool_auto_scale(name, enabling, retry_total=0)


def test_preempted_node_costs_a_requeue_but_no_retry_and_comes_back(
    own_service: Status, batch: BatchClient, name: str, tmp_path: Path
) -> None:
    assert chaos(own_service, "--absence-seconds", "2").returncode == 0
    add_pool(batch, name, "$TargetLowPriorityNodes = 1;", slots=1)
    add_tasks(batch, name, [sh(f"until test -e {tmp_path}/go; do sleep 0.05; done")])
    wait_until(lambda: batch.get_task(name, "t0").state == "running")
    (node,) = batch.list_nodes(name)
    assert chaos(own_service, "--preempt", node.id).returncode == 0
    assert [n.state for n in batch.list_nodes(name)] == ["preempted"]
    assert batch.get_pool(name).current_low_priority_nodes == 1
    (tmp_path / "go").touch()
    wait_until(lambda: batch.get_task(name, "t0").state == "completed")
    info = batch.get_task(name, "t0").execution_info
    assert info is not None
    assert (info.requeue_count, info.retry_count, info.exit_code) == (1, 0, 0)
    assert [n.id for n in batch.list_nodes(name)] == [node.id]


def test_boot_takes_as_long_as_it_is_told_to(own_service: Status, batch: BatchClient, name: str) -> None:
    try:
        assert chaos(own_service, "--boot-seconds", "600").returncode == 0
        add_pool(batch, name, "$TargetLowPriorityNodes = 1;")
        wait_until(lambda: [node.state for node in batch.list_nodes(name)] == ["creating"])
        assert batch.get_pool(name).allocation_state == "resizing"
    finally:
        chaos(own_service, "--boot-seconds", "0")


def test_node_that_is_no_spot_node_at_work_cannot_be_preempted(own_service: Status) -> None:
    result = chaos(own_service, "--preempt", "nobody")
    assert result.returncode == 2
    assert "Node nobody is not a Spot node at work" in result.stderr


def test_killed_service_forgets_neither_samples_nor_evaluations(tmp_path: Path) -> None:
    trial = models.BatchPoolEvaluateAutoScaleOptions(auto_scale_formula="n = $PendingTasks.Count();")

    def samples(client: BatchClient, pool: str) -> int:
        return int((client.evaluate_pool_auto_scale(pool, trial).results or "").rpartition("n=")[2])

    with batch_client(start_service(tmp_path)) as batch:
        add_pool(batch, "hourly", "$TargetLowPriorityNodes = 0;", interval="PT1H")
        add_pool(batch, "fast", "$TargetLowPriorityNodes = 0;", interval="PT2S")
        run = last_run(batch, "hourly")
        before = wait_until(lambda: taken if (taken := samples(batch, "fast")) >= 12 else 0)
    status = read_status(tmp_path)
    assert status is not None
    stop_service(status, signal.SIGKILL)
    with running_service(tmp_path) as status, batch_client(status) as batch:
        assert samples(batch, "fast") >= before
        assert last_run(batch, "hourly") == run
        wait_until(lambda: samples(batch, "fast") > before + 2)


def test_formula_of_a_pool_on_its_way_is_replaced(batch: BatchClient, name: str) -> None:
    add_pool(batch, name, "$TargetLowPriorityNodes = 1; $NodeDeallocationOption = taskcompletion;", interval="PT5M")
    add_tasks(batch, name, ["sleep 60"])
    wait_until(lambda: batch.get_task(name, "t0").state == "running")
    none = "$TargetLowPriorityNodes = 0; $NodeDeallocationOption = taskcompletion;"
    batch.enable_pool_auto_scale(name, models.BatchPoolEnableAutoScaleOptions(auto_scale_formula=none))
    wait_until(lambda: batch.get_pool(name).target_low_priority_nodes == 0)
    assert batch.get_pool(name).allocation_state == "resizing"
    batch.terminate_task(name, "t0")
    wait_until(lambda: not list(batch.list_nodes(name)))
