from datetime import timedelta
from typing import Any

import pytest
from azure.batch import BatchClient, models
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError

from shoal.local import times
from tests.local.making import (
    completed,
    counts,
    error_code,
    execution,
    failure_code,
    make_job,
    make_pool,
    run,
    sh,
    task,
    wait_for_completed,
    wait_for_nodes,
    wait_for_state,
)
from tests.processes import processes_naming
from tests.raw import Raw
from tests.waiting import wait_until


def patch(client: BatchClient, job: str, **changes: Any) -> None:
    client.update_job(job, models.BatchJobUpdateOptions(changes))


def terminate(client: BatchClient, job: str, reason: str = "enough") -> None:
    client.begin_terminate_job(job, options={"terminateReason": reason})  # type: ignore[arg-type]


def wait_until_completed(client: BatchClient, job: str) -> models.BatchJobExecutionInfo:
    wait_until(lambda: client.get_job(job).state == "completed")
    info = client.get_job(job).execution_info
    assert info is not None
    return info


def test_job_reads_back_with_batchs_defaults(raw: Raw, name: str) -> None:
    answer = raw("POST", "/jobs", {"id": name, "poolInfo": {"poolId": "None-Yet"}})
    assert (answer.status, answer.content) == (201, b"")
    # Whatever the job is called: seen on the wire.
    assert answer.headers["location"] == answer.headers["dataserviceid"] == f"{raw.status.batch_endpoint}/jobs/job-1"
    body = raw("GET", f"/jobs/{name}").body
    created = body.pop("creationTime")
    assert body == {
        "odata.metadata": f"{raw.status.batch_endpoint}/$metadata#jobs/@Element",
        "id": name,
        "url": f"{raw.status.batch_endpoint}/jobs/{name}",
        "eTag": answer.headers["etag"],
        "lastModified": created,
        "state": "active",
        "stateTransitionTime": created,
        "priority": 0,
        "maxParallelTasks": -1,
        "allowTaskPreemption": False,
        "usesTaskDependencies": False,
        "constraints": {"maxWallClockTime": "P10675199DT2H48M5.4775807S", "maxTaskRetryCount": 0},
        "poolInfo": {"poolId": "None-Yet"},
        "onAllTasksComplete": "noaction",
        "onTaskFailure": "noaction",
        "executionInfo": {"startTime": created, "poolId": "None-Yet"},
    }


def test_job_may_come_before_its_pool(client: BatchClient, name: str) -> None:
    make_job(client, name, name.upper())
    client.create_task(name, task("t", "true"))
    make_pool(client, name)
    assert execution(completed(client, name, "t")).result == "success"


def test_job_exists_only_once_whatever_the_case_of_its_id(client: BatchClient, name: str) -> None:
    make_job(client, name, "none")
    with pytest.raises(ResourceExistsError) as refusal:
        make_job(client, name.upper(), "none")
    assert (refusal.value.status_code, error_code(refusal.value)) == (409, "JobExists")


def test_update_changes_what_it_names_and_replaces_constraints_as_a_whole(client: BatchClient, name: str) -> None:
    limits = {"maxTaskRetryCount": 5, "maxWallClockTime": "PT1H"}
    make_job(client, name, "none", constraints=limits, metadata=[{"name": "a", "value": "b"}], priority=3)
    patch(client, name, constraints={"maxWallClockTime": "PT02H"})
    job = client.get_job(name)
    assert job.constraints is not None
    assert job.constraints.as_dict() == {"maxWallClockTime": "PT2H", "maxTaskRetryCount": 0}
    assert (job.priority, [item.name for item in job.metadata or []]) == (3, ["a"])
    patch(client, name, priority=-5, metadata=[])
    job = client.get_job(name)
    assert (job.priority, job.metadata) == (-5, [])
    assert job.constraints is not None
    assert job.constraints.max_wall_clock_time == timedelta(hours=2)


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"priority": 2000}, 400, "InvalidPropertyValue"),
        ({"onTaskFailure": "noaction"}, 400, "UnsupportedProperty"),
        ({"onAllTasksComplete": "noaction"}, 400, "InvalidPropertyValue"),
        ({"poolInfo": {"poolId": "another"}}, 409, "OperationInvalidForCurrentState"),
    ],
)
def test_update_that_batch_would_not_take_is_refused(
    client: BatchClient, name: str, changes: dict[str, Any], status: int, code: str
) -> None:
    make_job(client, name, "none")
    client.create_task(name, task("t", "true"))
    patch(client, name, onAllTasksComplete="terminatejob")
    with pytest.raises(HttpResponseError) as refusal:
        patch(client, name, **changes)
    assert (refusal.value.status_code, error_code(refusal.value)) == (status, code)


def test_naming_the_same_pool_again_is_no_change(client: BatchClient, name: str) -> None:
    make_job(client, name, name)
    patch(client, name, poolInfo={"poolId": name.upper()})


def test_higher_priority_goes_first_and_older_first_among_equals(client: BatchClient, name: str) -> None:
    for job, priority in (("low", -10), ("first", 0), ("second", 0), ("high", 900)):
        make_job(client, f"{name}-{job}", name, priority=priority)
        for i in range(2):
            client.create_task(f"{name}-{job}", task(f"t{i}", "true"))
    make_pool(client, name)
    for job in ("low", "first", "second", "high"):
        wait_for_completed(client, f"{name}-{job}", 2)

    def started(job: str) -> list[Any]:
        return [execution(client.get_task(f"{name}-{job}", f"t{i}")).start_time for i in range(2)]

    order = [*started("high"), *started("first"), *started("second"), *started("low")]
    assert order == sorted(order)


def test_large_task_of_higher_priority_is_not_starved_by_small_ones_of_lower(client: BatchClient, name: str) -> None:
    make_pool(client, name, taskSlotsPerNode=2)
    make_job(client, f"{name}-low", name, priority=-1)
    make_job(client, f"{name}-high", name, priority=1)
    client.create_tasks(f"{name}-low", [task(f"t{i}", "sleep 0.02") for i in range(300)])
    wait_until(lambda: counts(client, f"{name}-low").completed >= 4)
    run(client, f"{name}-high", task("large", "true", requiredSlots=2))
    assert counts(client, f"{name}-low").completed < 300


def test_priority_may_change_while_tasks_wait(client: BatchClient, name: str) -> None:
    make_job(client, f"{name}-a", name, priority=1)
    make_job(client, f"{name}-b", name)
    for job in ("a", "b"):
        client.create_task(f"{name}-{job}", task("t", "true"))
    patch(client, f"{name}-b", priority=2)
    make_pool(client, name)
    a, b = (execution(completed(client, f"{name}-{job}", "t")).start_time for job in ("a", "b"))
    assert a is not None
    assert b is not None
    assert b < a


def test_counts_tell_tasks_and_slots_by_state_and_result(client: BatchClient, name: str) -> None:
    make_pool(client, name, taskSlotsPerNode=8)
    make_job(client, name, name)
    for task_id, command_line, slots in (("a", "true", 2), ("b", "false", 3), ("c", "sleep 600", 4)):
        client.create_task(name, task(task_id, command_line, requiredSlots=slots))
    wait_for_completed(client, name, 2)
    wait_for_state(client, name, "c", "running")
    client.create_task(name, task("d", "true", requiredSlots=7))
    found = client.get_job_task_counts(name).as_dict()
    assert found.pop("odata.metadata").endswith("/$metadata#taskcountsresult/@Element")
    assert found == {
        "taskCounts": {"active": 1, "running": 1, "completed": 2, "succeeded": 1, "failed": 1},
        "taskSlotCounts": {"active": 7, "running": 4, "completed": 5, "succeeded": 2, "failed": 3},
    }


def test_terminated_job_ends_what_runs_and_leaves_waiting_tasks_for_ever(client: BatchClient, name: str) -> None:
    make_pool(client, name)
    make_job(client, name, name)
    client.create_task(name, task("long", sh("sleep 600 & sleep 600; true")))
    wait_for_state(client, name, "long", "running")
    client.create_task(name, task("waits", "true"))
    terminate(client, name, "seen enough")
    job = client.get_job(name)
    info = wait_until_completed(client, name)
    assert (job.previous_state, info.termination_reason) == ("active", "seen enough")
    assert info.end_time is not None
    assert failure_code(client.get_task(name, "long")) == "TaskEnded"
    wait_until(lambda: not processes_naming(f"AZ_BATCH_JOB_ID={name}\0"), within=5)
    wait_for_nodes(client, name, nodes=1)
    assert client.get_task(name, "waits").state == "active"
    with pytest.raises(ResourceExistsError) as refusal:
        terminate(client, name)
    assert error_code(refusal.value) == "JobCompleted"


def test_termination_without_a_reason_is_by_the_user(raw: Raw, client: BatchClient, name: str) -> None:
    make_job(client, name, "none")
    assert raw("POST", f"/jobs/{name}/terminate").status == 202
    assert wait_until_completed(client, name).termination_reason == "UserTerminate"


def test_empty_job_that_shall_end_with_its_tasks_ends_at_once(client: BatchClient, name: str) -> None:
    make_job(client, name, "none", onAllTasksComplete="TerminateJob")
    assert wait_until_completed(client, name).termination_reason == "AllTasksComplete"


def test_job_ends_with_its_last_task_where_it_shall(client: BatchClient, job: str) -> None:
    client.create_task(job, task("t", "false"))
    patch(client, job, onAllTasksComplete="terminatejob")
    assert wait_until_completed(client, job).termination_reason == "AllTasksComplete"
    assert client.get_task(job, "t").state == "completed"


def test_job_ends_when_its_last_task_is_deleted_or_terminated(client: BatchClient, name: str) -> None:
    for job in (f"{name}-a", f"{name}-b"):
        make_job(client, job, "none")
        client.create_task(job, task("t", "true"))
        patch(client, job, onAllTasksComplete="terminatejob")
        assert client.get_job(job).state == "active"
    client.delete_task(f"{name}-a", "t")
    client.terminate_task(f"{name}-b", "t")
    for job in (f"{name}-a", f"{name}-b"):
        assert wait_until_completed(client, job).termination_reason == "AllTasksComplete"


@pytest.mark.parametrize(
    ("command_line", "conditions", "ends"),
    [
        ("false", {}, True),
        ("no-such-program", {}, True),
        ("true", {}, False),
        ("false", {"default": {"jobAction": "none"}}, False),
        ("false", {"exitCodes": [{"code": 1, "exitOptions": {"jobAction": "None"}}]}, False),
        ("true", {"exitCodes": [{"code": 0, "exitOptions": {"jobAction": "Terminate"}}]}, True),
    ],
)
def test_failed_task_ends_the_job_as_its_exit_conditions_say(
    client: BatchClient, pool: str, name: str, command_line: str, conditions: dict[str, Any], ends: bool
) -> None:
    make_job(client, name, pool, onTaskFailure="performExitOptionsJobAction")
    run(client, name, task("t", command_line, exitConditions=conditions))
    if ends:
        assert wait_until_completed(client, name).termination_reason == "TaskFailed"
    else:
        run(client, name, task("next", "true"))
        assert client.get_job(name).state == "active"


def test_failure_that_ends_the_job_ends_the_other_tasks_too(client: BatchClient, pool: str, name: str) -> None:
    make_job(client, name, pool, onTaskFailure="performexitoptionsjobaction")
    client.create_task(name, task("long", "sleep 600"))
    wait_for_state(client, name, "long", "running")
    run(client, name, task("bad", "false"))
    assert failure_code(completed(client, name, "long")) == "TaskEnded"
    wait_until(lambda: not processes_naming(f"AZ_BATCH_JOB_ID={name}\0"), within=5)


def test_failed_tasks_matter_to_no_job_that_does_not_say_so(client: BatchClient, job: str) -> None:
    run(client, job, task("bad", "false"))
    run(client, job, task("next", "true"))
    assert client.get_job(job).state == "active"


def test_job_over_its_wall_clock_time_ends_with_its_tasks(client: BatchClient, pool: str, name: str) -> None:
    make_job(client, name, pool, constraints={"maxWallClockTime": "PT0.5S"})
    client.create_task(name, task("long", "sleep 600"))
    assert wait_until_completed(client, name).termination_reason == "MaxWallClockTimeExpiry"
    assert failure_code(client.get_task(name, "long")) == "TaskEnded"
    wait_until(lambda: not processes_naming(f"AZ_BATCH_JOB_ID={name}\0"), within=5)


def test_wall_clock_time_counts_from_the_jobs_creation_even_when_it_is_set_later(
    client: BatchClient, name: str
) -> None:
    make_job(client, name, "none")
    patch(client, name, constraints={"maxWallClockTime": "PT0.001S"})
    assert wait_until_completed(client, name).termination_reason == "MaxWallClockTimeExpiry"


def test_longest_wall_clock_time_is_without_limit(client: BatchClient, name: str) -> None:
    make_job(client, f"{name}-a", "none")
    unlimited = client.get_job(f"{name}-a").constraints
    assert unlimited is not None
    limits = models.BatchJobConstraints(max_wall_clock_time=unlimited.max_wall_clock_time, max_task_retry_count=1)
    client.create_job(
        models.BatchJobCreateOptions(id=f"{name}-b", pool_info=models.BatchPoolInfo(pool_id="none"), constraints=limits)
    )
    read_back = client.get_job(f"{name}-b").constraints
    assert read_back is not None
    assert read_back.as_dict()["maxWallClockTime"] == times.UNLIMITED


def test_deleted_job_frees_everything(client: BatchClient, name: str) -> None:
    make_pool(client, name, taskSlotsPerNode=2)
    make_job(client, name, name, usesTaskDependencies=True)
    client.create_tasks(name, [task("a", sh("sleep 600 & sleep 600; true")), task("b", "sleep 600"), task("c", "true")])
    client.create_task(name, task("d", "true", dependsOn={"taskIds": ["a"]}))
    wait_until(lambda: counts(client, name).running == 2)
    client.begin_delete_job(name)
    with pytest.raises(ResourceNotFoundError) as gone:
        client.get_job(name)
    assert error_code(gone.value) == "JobNotFound"
    wait_until(lambda: not processes_naming(f"AZ_BATCH_JOB_ID={name}\0"), within=5)
    (node,) = wait_for_nodes(client, name, nodes=1)
    assert (node.running_tasks_count, node.running_task_slots_count) == (0, 0)
    make_job(client, name, name)
    assert counts(client, name).as_dict() == dict.fromkeys(("active", "running", "completed", "succeeded", "failed"), 0)
    assert execution(run(client, name, task("a", "true"))).result == "success"


def test_job_deleted_and_made_again_at_once_knows_nothing_of_the_first(
    client: BatchClient, pool: str, name: str
) -> None:
    for _ in range(5):
        make_job(client, name, pool)
        client.create_tasks(name, [task(f"t{i}", "sleep 600") for i in range(12)])
        wait_until(lambda: counts(client, name).running > 0)
        client.begin_delete_job(name)
    make_job(client, name, pool)
    client.create_tasks(name, [task(f"t{i}", "true") for i in range(12)])
    wait_for_completed(client, name, 12)
    assert counts(client, name).succeeded == 12


def test_poller_of_the_official_client_waits_for_a_job_to_end_or_go(client: BatchClient, name: str) -> None:
    make_job(client, name, "none")
    client.begin_terminate_job(name, options={"terminateReason": "x"}, polling_interval=0).wait(20)  # type: ignore[arg-type]
    assert client.get_job(name).state == "completed"
    client.begin_delete_job(name, polling_interval=0).wait(20)
    with pytest.raises(ResourceNotFoundError):
        client.get_job(name)


def test_network_of_a_job_is_a_subnet_and_reads_back(raw: Raw, pool: str, name: str) -> None:
    network = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/n"
    body: dict[str, Any] = {"id": name, "poolInfo": {"poolId": pool}}
    refused = raw("POST", "/jobs", {**body, "networkConfiguration": {"subnetId": network}})
    assert (refused.status, refused.code) == (400, "InvalidPropertyValue")
    given = {"subnetId": f"{network}/subnets/a", "skipWithdrawFromVNet": True}
    assert raw("POST", "/jobs", {**body, "networkConfiguration": given}).status == 201
    assert raw("GET", f"/jobs/{name}").body["networkConfiguration"] == given
