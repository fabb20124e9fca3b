"""Pools that scale themselves, as declared and read through ARM."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from azure.batch import BatchClient, models
from azure.core.exceptions import HttpResponseError
from azure.mgmt.batch import BatchManagementClient
from azure.mgmt.batch.models import AutoScaleRun, Pool, PoolProperties

from shoal.service_status import Status
from tests.arm import ArmHttp
from tests.local.arm.test_pools import PROPERTIES, data_plane, nodes
from tests.waiting import wait_until

ONE = "$TargetLowPriorityNodes = 1; $NodeDeallocationOption = taskcompletion;"
NONE = "$TargetLowPriorityNodes = 0; $NodeDeallocationOption = taskcompletion;"


class ArmPool:
    """One pool, put and read through the official client."""

    def __init__(self, management: BatchManagementClient, group: str, account: str) -> None:
        self.management = management
        self.names = (group, account, "p")

    def put(self, scale: dict[str, Any]) -> PoolProperties:
        body = Pool({"properties": {**PROPERTIES, "scaleSettings": scale}})
        return properties(self.management.pool.create(*self.names, body))

    def get(self) -> PoolProperties:
        return properties(self.management.pool.get(*self.names))

    def run(self) -> AutoScaleRun:
        """The last evaluation, once there is one."""
        run = wait_until(lambda: self.get().auto_scale_run)
        assert run is not None
        return run


def properties(pool: Pool) -> PoolProperties:
    assert pool.properties is not None
    return pool.properties


def by(formula: str, interval: str = "PT5M") -> dict[str, Any]:
    return {"autoScale": {"formula": formula, "evaluationInterval": interval}}


@pytest.fixture
def arm_pool(management: BatchManagementClient, name: str, account: str) -> ArmPool:
    return ArmPool(management, name, account)


@pytest.fixture
def batch(management: BatchManagementClient, service: Status, name: str, account: str) -> Iterator[BatchClient]:
    with data_plane(management, service, name, account) as client:
        yield client


def test_formula_and_interval_read_back_and_the_pool_follows(arm_pool: ArmPool, batch: BatchClient) -> None:
    made = arm_pool.put(by(ONE, "PT10M"))
    assert made.scale_settings is not None
    assert made.scale_settings.fixed_scale is None
    assert made.scale_settings.auto_scale is not None
    assert made.scale_settings.auto_scale.formula == ONE
    assert made.scale_settings.auto_scale.evaluation_interval == timedelta(minutes=10)
    wait_until(lambda: [node.state for node in batch.list_nodes("p")] == ["idle"])
    assert arm_pool.get().current_low_priority_nodes == 1


def test_interval_that_is_not_given_is_a_quarter_of_an_hour(arm_pool: ArmPool) -> None:
    scale = arm_pool.put({"autoScale": {"formula": NONE}}).scale_settings
    assert scale is not None
    assert scale.auto_scale is not None
    assert scale.auto_scale.evaluation_interval == timedelta(minutes=15)


def test_last_evaluation_is_told_with_its_time_and_results(arm_pool: ArmPool) -> None:
    arm_pool.put(by("$TargetLowPriorityNodes = 0; half = 1 / 2;"))
    run = arm_pool.run()
    assert run.evaluation_time.tzinfo is not None
    assert run.error is None
    assert (run.results or "").endswith(";half=0.5")


def test_failed_evaluation_is_told_with_its_place(arm_pool: ArmPool) -> None:
    arm_pool.put(by("$TargetLowPriorityNodes = 1 / 0;"))
    error = arm_pool.run().error
    assert error is not None
    assert error.code == "AutoScalingFormulaEvaluationError"
    assert "Line 1, Col" in (error.details or [])[0].message
    assert arm_pool.get().current_low_priority_nodes == 0


def test_formula_that_does_not_parse_is_refused_and_makes_no_pool(arm_pool: ArmPool) -> None:
    with pytest.raises(HttpResponseError, match=r"AutoScalingFormulaSyntaxError(.|\n)*Line 1, Col"):
        arm_pool.put(by("$TargetLowPriorityNodes = ;"))
    with pytest.raises(HttpResponseError, match="ResourceNotFound"):
        arm_pool.get()


def test_put_of_another_formula_is_evaluated_at_once_on_the_nodes_that_are_there(
    arm_pool: ArmPool, batch: BatchClient
) -> None:
    arm_pool.put(by(ONE))
    (before,) = wait_until(lambda: list(batch.list_nodes("p")))
    arm_pool.put(by(ONE.replace("= 1;", "= 2;")))
    nodes_after = wait_until(lambda: found if len(found := list(batch.list_nodes("p"))) == 2 else [])
    assert before.id in {node.id for node in nodes_after}


def test_put_of_the_same_scaling_changes_neither_nodes_nor_the_time_of_the_next_evaluation(
    arm_pool: ArmPool, batch: BatchClient
) -> None:
    arm_pool.put(by(ONE))
    first = arm_pool.run()
    (node,) = wait_until(lambda: list(batch.list_nodes("p")))
    arm_pool.put(by(ONE))
    # The task outlasts several looks of the service at the time.
    batch.create_job(models.BatchJobCreateOptions(id="j", pool_info=models.BatchPoolInfo(pool_id="p")))
    batch.create_task("j", models.BatchTaskCreateOptions(id="t", command_line="sleep 0.4"))
    wait_until(lambda: batch.get_task("j", "t").state == "completed")
    assert arm_pool.run().evaluation_time == first.evaluation_time
    assert [seen.id for seen in batch.list_nodes("p")] == [node.id]


def test_pool_goes_from_fixed_numbers_to_a_formula_and_back(arm_pool: ArmPool, batch: BatchClient) -> None:
    arm_pool.put(nodes(1))
    (kept,) = wait_until(lambda: list(batch.list_nodes("p")))
    # The formula fails, so what is there stays: targets are not reset by the change itself.
    arm_pool.put(by("$TargetLowPriorityNodes = 1 / 0;"))
    assert arm_pool.run().error is not None
    assert [node.id for node in batch.list_nodes("p")] == [kept.id]
    back = arm_pool.put(nodes(2))
    assert back.auto_scale_run is None
    assert back.scale_settings is not None
    assert back.scale_settings.auto_scale is None
    wait_until(lambda: batch.get_pool("p").current_low_priority_nodes == 2)
    assert batch.get_pool("p").enable_auto_scale is False


def test_autoscaling_that_is_disabled_leaves_the_pool_at_its_size(arm_pool: ArmPool, batch: BatchClient) -> None:
    arm_pool.put(by(ONE))
    wait_until(lambda: batch.get_pool("p").target_low_priority_nodes == 1)
    disabled = properties(arm_pool.management.pool.disable_auto_scale(*arm_pool.names))
    assert disabled.scale_settings is not None
    assert disabled.scale_settings.fixed_scale is not None
    assert disabled.scale_settings.fixed_scale.target_low_priority_nodes == 1
    assert disabled.auto_scale_run is None
    with pytest.raises(HttpResponseError, match="ResourceNotFound"):
        arm_pool.management.pool.disable_auto_scale(*arm_pool.names[:2], "nobody")


def test_smaller_fixed_number_deals_with_running_tasks_as_declared(arm_pool: ArmPool, batch: BatchClient) -> None:
    arm_pool.put(nodes(1))
    batch.create_job(models.BatchJobCreateOptions(id="j", pool_info=models.BatchPoolInfo(pool_id="p")))
    batch.create_task("j", models.BatchTaskCreateOptions(id="t", command_line="sleep 1"))
    wait_until(lambda: batch.get_task("j", "t").state == "running")
    arm_pool.put({"fixedScale": {"targetLowPriorityNodes": 0, "nodeDeallocationOption": "TaskCompletion"}})
    wait_until(lambda: not list(batch.list_nodes("p")))
    done = batch.get_task("j", "t")
    assert done.execution_info is not None
    assert (done.state, done.execution_info.exit_code, done.execution_info.requeue_count) == ("completed", 0, 0)


def test_patch_with_a_formula_answers_with_its_first_evaluation(arm: ArmHttp, account: str) -> None:
    pool = f"providers/Microsoft.Batch/batchAccounts/{account}/pools/p"
    made = arm.make(pool, {"properties": {"vmSize": "s"}})["properties"]
    status = made["resizeOperationStatus"]
    assert status.pop("startTime") == made["allocationStateTransitionTime"]
    assert status == {"targetDedicatedNodes": 0, "nodeDeallocationOption": "Requeue", "resizeTimeout": "PT15M"}
    scale = {"scaleSettings": {"autoScale": {"formula": "$TargetDedicatedNodes = 0;"}}}
    _, patched = arm.call("PATCH", pool, {"properties": scale})
    run = patched["properties"]["autoScaleRun"]
    assert run["results"].startswith("$TargetDedicatedNodes=0;")
    assert "resizeOperationStatus" not in patched["properties"]


def test_resize_is_stopped_unless_a_formula_set_the_target(arm: ArmHttp, account: str) -> None:
    pool = f"providers/Microsoft.Batch/batchAccounts/{account}/pools/p"
    arm.make(pool, {"properties": {"vmSize": "s"}})
    assert arm.call("POST", f"{pool}/stopResize")[0] == 200
    arm.make(pool, {"properties": {"vmSize": "s", "scaleSettings": by("$TargetDedicatedNodes = 0;")}})
    status, answer = arm.call("POST", f"{pool}/stopResize")
    assert (status, answer["error"]["code"]) == (409, "OperationInvalidForCurrentState")
    (detail,) = answer["error"]["details"]
    assert detail["message"] == "The specified pool has AutoScale enabled. AutoScale resize cannot be stopped"
    assert arm.call("POST", f"{pool}x/stopResize")[0] == 404
