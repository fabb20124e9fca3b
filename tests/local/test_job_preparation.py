"""Job preparation and release tasks on the nodes of a job."""

from typing import Any

import pytest
from azure.batch import BatchClient, models
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

from shoal.local.scheduler.job_node_tasks import Readiness, readiness
from shoal.local.store.job_node_task import JobNodeTask
from shoal.local.store.states import JobNodeTaskKind, JobNodeTaskState, TaskResult
from tests.local.making import (
    completed,
    counts,
    error_code,
    execution,
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

SINCE = " gt datetime'2020-01-01T00:00:00Z'"


def status(client: BatchClient, job: str) -> list[models.BatchJobPreparationAndReleaseTaskStatus]:
    return list(client.list_job_preparation_and_release_task_status(job))


def prepared(client: BatchClient, job: str) -> models.BatchJobPreparationTaskExecutionInfo:
    (only,) = status(client, job)
    assert only.job_preparation_task_execution_info is not None
    return only.job_preparation_task_execution_info


def log(name: str) -> str:
    return f"$AZ_BATCH_NODE_SHARED_DIR/{name}.log"


def terminate(client: BatchClient, job: str) -> None:
    client.begin_terminate_job(job, options={"terminateReason": "enough"})  # type: ignore[arg-type]


def wait_for_end(client: BatchClient, job: str) -> None:
    wait_until(lambda: client.get_job(job).state == "completed")


def test_preparation_runs_once_before_the_first_task_and_release_after_the_last(
    client: BatchClient, one_node: str, name: str
) -> None:
    preparation = {"commandLine": sh(f"echo prepared >> {log(name)}; echo data > file.txt")}
    release = {"id": "tidy", "commandLine": sh(f"echo released >> {log(name)}; cat $AZ_BATCH_JOB_PREP_WORKING_DIR/*")}
    make_job(client, name, one_node, jobPreparationTask=preparation, jobReleaseTask=release)
    for i in range(2):
        run(client, name, task(f"t{i}", sh(f"echo task >> {log(name)}; cat $AZ_BATCH_JOB_PREP_DIR/wd/file.txt")))
    assert read(client, name, "t1") == b"data\n"
    terminate(client, name)
    wait_for_end(client, name)
    assert client.get_job(name).previous_state == "terminating"
    (only,) = status(client, name)
    (selected,) = client.list_job_preparation_and_release_task_status(name, select=["nodeId"])
    assert dict(selected) == {"nodeId": only.node_id}
    for matching, text in (
        (1, "jobReleaseTaskExecutionInfo/result eq 'success' and jobReleaseTaskExecutionInfo/exitCode eq 0"),
        (1, f"jobReleaseTaskExecutionInfo/startTime{SINCE} and nodeId eq '{only.node_id}'"),
        (1, f"jobReleaseTaskExecutionInfo/endTime{SINCE} and jobPreparationTaskExecutionInfo/endTime{SINCE}"),
        (0, "jobReleaseTaskExecutionInfo/state eq 'running'"),
    ):
        assert len(list(client.list_job_preparation_and_release_task_status(name, filter=text))) == matching
    node = only.node_id
    before, after = only.job_preparation_task_execution_info, only.job_release_task_execution_info
    assert before is not None
    assert after is not None
    assert (before.state, before.result, before.exit_code, before.retry_count) == ("completed", "success", 0, 0)
    assert before.task_root_directory == f"workitems/{name}/job-1/jobpreparation"
    assert (after.state, after.result, after.exit_code) == ("completed", "success", 0)
    assert after.end_time is not None
    found = b"".join(client.download_node_file(one_node, str(node), f"workitems/{name}/job-1/tidy/stdout.txt"))
    assert found == b"data\n"
    kept = b"".join(client.download_node_file(one_node, str(node), f"shared/{name}.log"))
    assert kept.split() == [b"prepared", b"task", b"task", b"released"]


def test_task_is_preparing_while_its_node_is_and_counts_as_running(
    client: BatchClient, one_node: str, name: str
) -> None:
    make_job(client, name, one_node, jobPreparationTask={"commandLine": "sleep 1"})
    client.create_tasks(name, [task(f"t{i}", "true") for i in range(2)])
    waiting = wait_for_state(client, name, "t0", "preparing")
    assert execution(waiting).start_time is None
    assert counts(client, name).running == 2
    assert prepared(client, name).state == "running"
    assert execution(completed(client, name, "t0")).result == "success"
    assert client.get_task(name, "t1").state in ("running", "completed")


def test_each_node_is_prepared_for_itself(client: BatchClient, pool: str, name: str) -> None:
    make_job(client, name, pool, jobPreparationTask={"commandLine": "true"})
    client.create_tasks(name, [task(f"t{i}", "sleep 0.5", requiredSlots=4) for i in range(2)])
    for i in range(2):
        completed(client, name, f"t{i}")
    assert len({only.node_id for only in status(client, name)}) == 2


def test_failed_preparation_keeps_the_jobs_tasks_from_its_node_and_no_others(
    client: BatchClient, pool: str, name: str
) -> None:
    fails = {"commandLine": "/bin/sh -c 'exit 3'", "constraints": {"maxTaskRetryCount": 1}}
    make_job(client, name, pool, jobPreparationTask=fails)
    client.create_task(name, task("t", "true"))
    wait_until(lambda: [s for s in status(client, name) if result_of(s) == "failure"][1:])
    (first, _) = status(client, name)
    info = first.job_preparation_task_execution_info
    assert info is not None
    assert (info.exit_code, info.retry_count) == (3, 1)
    assert info.failure_info is not None
    assert info.failure_info.code == "FailureExitCode"
    assert client.get_task(name, "t").state == "active"
    make_job(client, f"{name}-other", pool)
    run(client, f"{name}-other", task("t", "true"))


def result_of(status: models.BatchJobPreparationAndReleaseTaskStatus) -> str | None:
    info = status.job_preparation_task_execution_info
    return None if info is None else info.result


def test_preparation_that_nobody_waits_for_runs_beside_the_tasks_and_may_fail(
    client: BatchClient, one_node: str, name: str
) -> None:
    preparation = {"commandLine": sh("sleep 1; false"), "waitForSuccess": False}
    make_job(client, name, one_node, jobPreparationTask=preparation)
    run(client, name, task("first", "true"))
    assert prepared(client, name).state == "running"
    wait_until(lambda: prepared(client, name).result == "failure")
    assert execution(run(client, name, task("next", "true"))).result == "success"


@pytest.mark.parametrize(("again", "times"), [(True, 2), (False, 1)])
def test_preparation_runs_again_after_a_reboot_where_it_shall(
    client: BatchClient, name: str, again: bool, times: int
) -> None:
    make_pool(client, name)
    preparation = {"commandLine": sh(f"echo >> {log(name)}"), "rerunOnNodeRebootAfterSuccess": again}
    make_job(client, name, name, jobPreparationTask=preparation)
    run(client, name, task("first", "true"))
    (node,) = wait_for_nodes(client, name, nodes=1)
    reboot = client.begin_reboot_node(name, node.id, options={"nodeRebootOption": "requeue"}, polling_interval=0)  # type: ignore[arg-type]
    reboot.wait(20)
    run(client, name, task("next", "true"))
    assert len(b"".join(client.download_node_file(name, node.id, f"shared/{name}.log"))) == times


def test_task_that_waits_for_the_preparation_can_be_ended(client: BatchClient, one_node: str, name: str) -> None:
    make_job(client, name, one_node, jobPreparationTask={"commandLine": "sleep 600"})
    client.create_task(name, task("t", "true"))
    wait_for_state(client, name, "t", "preparing")
    client.terminate_task(name, "t")
    assert client.get_task(name, "t").state == "completed"
    terminate(client, name)
    wait_for_end(client, name)
    wait_until(lambda: not processes_naming(f"AZ_BATCH_JOB_ID={name}\0"), within=5)
    (node,) = client.list_nodes(one_node)
    wait_until(lambda: client.get_node(one_node, node.id).running_task_slots_count == 0)


def test_deleted_job_is_deleting_while_its_nodes_are_released(client: BatchClient, one_node: str, name: str) -> None:
    release = {"commandLine": sh(f"sleep 0.5; echo released > {log(name)}")}
    make_job(client, name, one_node, jobPreparationTask={"commandLine": "true"}, jobReleaseTask=release)
    run(client, name, task("t", "true"))
    client.begin_delete_job(name, polling_interval=0)
    assert client.get_job(name).state == "deleting"
    with pytest.raises(ResourceExistsError) as refusal:
        client.create_task(name, task("late", "true"))
    assert error_code(refusal.value) == "JobBeingDeleted"
    wait_until(lambda: gone(client, name))
    (node,) = client.list_nodes(one_node)
    assert b"".join(client.download_node_file(one_node, node.id, f"shared/{name}.log")) == b"released\n"


def gone(client: BatchClient, job: str) -> bool:
    try:
        client.get_job(job)
    except ResourceNotFoundError:
        return True
    return False


def test_job_deleted_by_force_waits_for_no_node(client: BatchClient, one_node: str, name: str) -> None:
    release = {"commandLine": "sleep 600"}
    make_job(client, name, one_node, jobPreparationTask={"commandLine": "true"}, jobReleaseTask=release)
    run(client, name, task("t", "true"))
    client.begin_delete_job(name, force=True, polling_interval=0)
    assert gone(client, name)


def test_terminating_job_takes_no_tasks_and_ends_though_its_release_fails(
    client: BatchClient, one_node: str, name: str
) -> None:
    release = {"commandLine": sh("sleep 0.5; false")}
    make_job(client, name, one_node, jobPreparationTask={"commandLine": "true"}, jobReleaseTask=release)
    run(client, name, task("t", "true"))
    terminate(client, name)
    assert client.get_job(name).state == "terminating"
    with pytest.raises(ResourceExistsError) as refusal:
        client.create_task(name, task("late", "true"))
    assert error_code(refusal.value) == "JobBeingTerminated"
    wait_for_end(client, name)


def test_job_reads_back_with_the_defaults_of_its_tasks(raw: Raw, name: str) -> None:
    tasks = {"jobPreparationTask": {"commandLine": "a"}, "jobReleaseTask": {"commandLine": "b"}}
    assert raw("POST", "/jobs", {"id": name, "poolInfo": {"poolId": "none"}, **tasks}).status == 201
    body = raw("GET", f"/jobs/{name}").body
    user = {"autoUser": {"scope": "pool", "elevationLevel": "nonadmin"}}
    unlimited = "P10675199DT2H48M5.4775807S"
    assert body["jobPreparationTask"] == {
        "id": "jobpreparation",
        "commandLine": "a",
        "constraints": {"maxWallClockTime": unlimited, "retentionTime": "P7D", "maxTaskRetryCount": 0},
        "userIdentity": user,
        "waitForSuccess": True,
        "rerunOnNodeRebootAfterSuccess": True,
    }
    assert body["jobReleaseTask"] == {
        "id": "jobrelease",
        "commandLine": "b",
        "maxWallClockTime": "PT15M",
        "retentionTime": "P7D",
        "userIdentity": user,
    }


PREPARATION: dict[str, Any] = {"commandLine": "true"}


@pytest.mark.parametrize(
    ("tasks", "code"),
    [
        ({"jobReleaseTask": {"commandLine": "true"}}, "InvalidPropertyValue"),
        ({"jobPreparationTask": {}}, "MissingRequiredProperty"),
        ({"jobPreparationTask": {"id": "a b", "commandLine": "true"}}, "InvalidPropertyValue"),
        (
            {"jobPreparationTask": PREPARATION, "jobReleaseTask": {"commandLine": "x", "maxWallClockTime": "PT16M"}},
            "InvalidPropertyValue",
        ),
    ],
)
def test_tasks_of_a_job_that_batch_would_not_take_are_refused(
    raw: Raw, name: str, tasks: dict[str, Any], code: str
) -> None:
    answer = raw("POST", "/jobs", {"id": name, "poolInfo": {"poolId": "none"}, **tasks})
    assert (answer.status, answer.code) == (400, code)


def test_task_cannot_have_the_id_of_the_preparation(client: BatchClient, name: str) -> None:
    make_job(client, name, "none", jobPreparationTask=PREPARATION)
    with pytest.raises(ResourceExistsError) as refusal:
        client.create_task(name, task("JobPreparation", "true"))
    assert error_code(refusal.value) == "TaskIdSameAsJobPreparationTask"


def test_status_of_a_job_without_a_preparation_is_refused(client: BatchClient, job: str) -> None:
    with pytest.raises(ResourceExistsError) as refusal:
        status(client, job)
    assert error_code(refusal.value) == "JobPreparationTaskNotSpecified"


def record(result: TaskResult | None, boots: int = 1) -> JobNodeTask:
    return JobNodeTask(
        key=1,
        job=1,
        node="n",
        pool_id="p",
        kind=JobNodeTaskKind.PREPARATION,
        boots=boots,
        attempt=1,
        state=JobNodeTaskState.RUNNING if result is None else JobNodeTaskState.COMPLETED,
        started=0,
        ended=None,
        exit_code=None,
        result=result,
        failure=None,
        retry_count=0,
        last_retry=None,
    )


@pytest.mark.parametrize(
    ("before", "waits", "again", "expected"),
    [
        (None, True, True, Readiness.UNPREPARED),
        (record(None), True, True, Readiness.PREPARING),
        (record(None), False, True, Readiness.READY),
        (record(TaskResult.SUCCESS), True, True, Readiness.READY),
        (record(TaskResult.FAILURE), True, True, Readiness.REFUSED),
        (record(TaskResult.FAILURE), False, True, Readiness.READY),
        (record(TaskResult.SUCCESS, boots=0), True, True, Readiness.UNPREPARED),
        (record(TaskResult.SUCCESS, boots=0), True, False, Readiness.READY),
        (record(TaskResult.FAILURE, boots=0), True, False, Readiness.UNPREPARED),
        (record(None, boots=0), True, False, Readiness.UNPREPARED),
    ],
)
def test_readiness_follows_from_the_last_preparation_and_the_restarts_of_the_node(
    before: JobNodeTask | None, waits: bool, again: bool, expected: Readiness
) -> None:
    definition = {"waitForSuccess": waits, "rerunOnNodeRebootAfterSuccess": again}
    assert readiness(before, boots=1, definition=definition) is expected
