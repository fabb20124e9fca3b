"""Jobs that are disabled and enabled, replaced, or limited in their parallel tasks."""

from typing import Any

import pytest
from azure.batch import BatchClient, models
from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceModifiedError

from shoal.local import times
from tests.local.making import (
    completed,
    counts,
    error_code,
    execution,
    failure_code,
    make_job,
    run,
    task,
    wait_for_completed,
    wait_for_state,
)
from tests.processes import processes_naming
from tests.raw import Raw
from tests.waiting import wait_until


def disable(client: BatchClient, job: str, tasks: str) -> None:
    client.begin_disable_job(job, models.BatchJobDisableOptions(disable_tasks=tasks), polling_interval=0)


def enable(client: BatchClient, job: str) -> None:
    client.begin_enable_job(job, polling_interval=0).wait(20)


def test_task_goes_on_to_name_the_pool_in_which_it_ran(
    client: BatchClient, raw: Raw, pool: str, one_node: str, name: str
) -> None:
    make_job(client, name, pool)
    before = run(client, name, task("before", "true"))
    disable(client, name, "requeue")
    wait_for_job(client, name, "disabled")
    assert raw("PATCH", f"/jobs/{name}", {"poolInfo": {"poolId": one_node}}).status == 200
    enable(client, name)
    run(client, name, task("after", "true"))
    listed = {one.id: one.node_info for one in client.list_tasks(name)}
    assert {task_id: info and info.pool_id for task_id, info in listed.items()} == {"before": pool, "after": one_node}
    assert client.get_task(name, "before").node_info == before.node_info
    assert before.node_info is not None
    assert client.get_node(pool, before.node_info.node_id or "").url == before.node_info.node_url


def wait_for_job(client: BatchClient, job: str, state: str) -> models.BatchJob:
    wait_until(lambda: client.get_job(job).state == state)
    return client.get_job(job)


def test_running_tasks_of_a_job_disabled_with_requeue_wait_until_it_is_enabled(client: BatchClient, job: str) -> None:
    client.create_task(job, task("t", "sleep 600"))
    wait_for_state(client, job, "t", "running")
    disable(client, job, "Requeue")
    assert wait_for_job(client, job, "disabled").previous_state == "disabling"
    wait_until(lambda: not processes_naming(f"AZ_BATCH_JOB_ID={job}\0"), within=5)
    waiting = client.get_task(job, "t")
    assert (waiting.state, execution(waiting).requeue_count, execution(waiting).retry_count) == ("active", 1, 0)
    client.create_task(job, task("later", "true"))
    enable(client, job)
    assert client.get_job(job).previous_state == "enabling"
    assert execution(completed(client, job, "later")).result == "success"
    wait_for_state(client, job, "t", "running")


def test_running_tasks_of_a_job_disabled_with_terminate_fail(client: BatchClient, job: str) -> None:
    client.create_task(job, task("t", "sleep 600"))
    wait_for_state(client, job, "t", "running")
    disable(client, job, "terminate")
    assert client.get_job(job).state == "disabled"
    assert failure_code(client.get_task(job, "t")) == "TaskEnded"


def test_job_disabled_with_wait_is_disabling_until_its_last_running_task_has_ended(
    client: BatchClient, one_node: str, name: str
) -> None:
    make_job(client, name, one_node)
    client.create_tasks(name, [task(f"t{i}", "sleep 1") for i in range(4)])
    wait_until(lambda: counts(client, name).running == 4)
    client.create_task(name, task("waits", "true"))
    disable(client, name, "wait")
    assert client.get_job(name).state == "disabling"
    wait_for_job(client, name, "disabled")
    assert counts(client, name).as_dict() == {"active": 1, "running": 0, "completed": 4, "succeeded": 4, "failed": 0}


def test_job_that_is_disabled_already_may_be_disabled_again(client: BatchClient, name: str) -> None:
    make_job(client, name, "none")
    disable(client, name, "wait")
    disable(client, name, "terminate")
    assert client.get_job(name).state == "disabled"


def test_pool_of_a_job_may_change_only_while_it_is_disabled(client: BatchClient, pool: str, name: str) -> None:
    make_job(client, name, "none")
    client.create_task(name, task("t", "true"))
    moved = models.BatchJobUpdateOptions(pool_info=models.BatchPoolInfo(pool_id=pool))
    with pytest.raises(ResourceExistsError) as refusal:
        client.update_job(name, moved)
    assert error_code(refusal.value) == "OperationInvalidForCurrentState"
    disable(client, name, "requeue")
    client.update_job(name, moved)
    enable(client, name)
    assert execution(completed(client, name, "t")).result == "success"


def test_disabled_job_ends_by_request_and_by_its_wall_clock_time(client: BatchClient, name: str) -> None:
    for job in (f"{name}-a", f"{name}-b"):
        make_job(client, job, "none")
        disable(client, job, "wait")
    client.begin_terminate_job(f"{name}-a", options={"terminateReason": "enough"})  # type: ignore[arg-type]
    assert wait_for_job(client, f"{name}-a", "completed").previous_state == "disabled"
    client.update_job(f"{name}-b", models.BatchJobUpdateOptions({"constraints": {"maxWallClockTime": "PT0.001S"}}))
    ended = wait_for_job(client, f"{name}-b", "completed").execution_info
    assert ended is not None
    assert ended.termination_reason == "MaxWallClockTimeExpiry"


@pytest.mark.parametrize(
    ("state", "code"), [("active", "OperationInvalidForCurrentState"), ("completed", "JobCompleted")]
)
def test_only_a_disabled_job_can_be_enabled(client: BatchClient, name: str, state: str, code: str) -> None:
    make_job(client, name, "none", onAllTasksComplete="terminatejob" if state == "completed" else "noaction")
    with pytest.raises(ResourceExistsError) as refusal:
        client.begin_enable_job(name)
    assert error_code(refusal.value) == code


def test_job_that_has_ended_cannot_be_disabled(client: BatchClient, name: str) -> None:
    make_job(client, name, "none", onAllTasksComplete="terminatejob")
    with pytest.raises(ResourceExistsError) as refusal:
        disable(client, name, "wait")
    assert error_code(refusal.value) == "JobCompleted"


@pytest.mark.parametrize(
    ("body", "code"), [({}, "MissingRequiredProperty"), ({"disableTasks": "now"}, "InvalidPropertyValue")]
)
def test_job_is_disabled_in_one_of_three_ways(raw: Raw, job: str, body: dict[str, str], code: str) -> None:
    answer = raw("POST", f"/jobs/{job}/disable", body)
    assert (answer.status, answer.code) == (400, code)


def test_exit_condition_disables_the_job(client: BatchClient, pool: str, name: str) -> None:
    make_job(client, name, pool, onTaskFailure="performexitoptionsjobaction")
    client.create_task(name, task("long", "sleep 600"))
    wait_for_state(client, name, "long", "running")
    run(client, name, task("bad", "false", exitConditions={"default": {"jobAction": "disable"}}))
    wait_for_job(client, name, "disabled")
    assert client.get_task(name, "long").state == "active"


def test_job_with_terminatejob_whose_tasks_ended_while_it_was_disabled_ends_when_it_is_enabled(
    client: BatchClient, name: str
) -> None:
    make_job(client, name, "none")
    client.create_task(name, task("t", "true"))
    client.update_job(name, models.BatchJobUpdateOptions(all_tasks_complete_mode="terminatejob"))
    disable(client, name, "wait")
    client.terminate_task(name, "t")
    assert client.get_job(name).state == "disabled"
    enable(client, name)
    assert client.get_job(name).state == "completed"


def test_jobs_are_filtered_by_the_states_of_disabling(client: BatchClient, name: str) -> None:
    for job in (f"{name}-a", f"{name}-b"):
        make_job(client, job, "none")
    disable(client, f"{name}-b", "wait")
    found = client.list_jobs(filter=f"state eq 'disabled' and startswith(id,'{name}')")
    assert [job.id for job in found] == [f"{name}-b"]


def test_replaced_job_has_the_defaults_of_what_it_leaves_out(client: BatchClient, raw: Raw, name: str) -> None:
    given = {"priority": 3, "maxParallelTasks": 2, "displayName": "kept", "usesTaskDependencies": True}
    limits = {"maxTaskRetryCount": 5, "maxWallClockTime": "PT1H"}
    make_job(client, name, "none", metadata=[{"name": "a", "value": "b"}], constraints=limits, **given)
    read = client.get_job(name)
    read.priority, read.metadata, read.constraints, read.max_parallel_tasks = 7, None, None, None
    client.replace_job(name, read)
    body = raw("GET", f"/jobs/{name}").body
    assert "metadata" not in body
    assert (body["priority"], body["maxParallelTasks"], body["displayName"]) == (7, -1, "kept")
    assert body["constraints"] == {"maxWallClockTime": times.UNLIMITED, "maxTaskRetryCount": 0}
    assert body["usesTaskDependencies"] is True


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"priority": 1}, 400, "MissingRequiredProperty"),
        (
            {"poolInfo": {"poolId": "another"}, "onAllTasksComplete": "terminatejob"},
            409,
            "OperationInvalidForCurrentState",
        ),
        ({"poolInfo": {"poolId": "none"}, "onAllTasksComplete": "noaction"}, 400, "InvalidPropertyValue"),
        ({"poolInfo": {"poolId": "none"}}, 400, "InvalidPropertyValue"),
        ({"poolInfo": {"poolId": "none"}, "usesTaskDependencies": True}, 400, "UnsupportedProperty"),
    ],
)
def test_replacement_that_batch_would_not_take_is_refused(
    client: BatchClient, raw: Raw, name: str, body: dict[str, Any], status: int, code: str
) -> None:
    make_job(client, name, "none")
    client.create_task(name, task("t", "true"))
    client.update_job(name, models.BatchJobUpdateOptions(all_tasks_complete_mode="terminatejob"))
    answer = raw("PUT", f"/jobs/{name}", body)
    assert (answer.status, answer.code) == (status, code)


def test_replacement_and_disabling_obey_their_conditions(client: BatchClient, name: str) -> None:
    make_job(client, name, "none")
    only_if, option = MatchConditions.IfNotModified, models.BatchJobDisableOptions(disable_tasks="wait")
    with pytest.raises(ResourceModifiedError):
        client.replace_job(name, client.get_job(name), etag="0x1", match_condition=only_if)
    with pytest.raises(HttpResponseError):
        client.begin_disable_job(name, option, etag="0x1", match_condition=only_if)
    assert client.get_job(name).state == "active"


def test_no_more_tasks_of_a_job_run_at_a_time_than_it_allows(client: BatchClient, pool: str, name: str) -> None:
    make_job(client, name, pool, maxParallelTasks=2)
    client.create_tasks(name, [task(f"t{i}", "sleep 0.3") for i in range(5)])
    seen = []
    while counts(client, name).completed < 5:
        seen.append(counts(client, name).running)
    assert max(seen) == 2


def test_raised_limit_of_parallel_tasks_starts_more_at_once(client: BatchClient, pool: str, name: str) -> None:
    make_job(client, name, pool, maxParallelTasks=1)
    client.create_tasks(name, [task(f"t{i}", "sleep 600") for i in range(3)])
    wait_until(lambda: counts(client, name).running == 1)
    client.update_job(name, models.BatchJobUpdateOptions(max_parallel_tasks=3))
    wait_until(lambda: counts(client, name).running == 3)


@pytest.mark.parametrize("most", [0, -2])
def test_limit_of_parallel_tasks_is_positive_or_none(raw: Raw, name: str, most: int) -> None:
    answer = raw("POST", "/jobs", {"id": name, "poolInfo": {"poolId": "p"}, "maxParallelTasks": most})
    assert (answer.status, answer.code) == (400, "InvalidPropertyValue")


def test_limit_does_not_hold_back_tasks_that_come_after_the_job_has_room(
    client: BatchClient, pool: str, name: str
) -> None:
    make_job(client, name, pool, maxParallelTasks=1)
    client.create_tasks(name, [task(f"t{i}", "true") for i in range(6)])
    wait_for_completed(client, name, 6)
