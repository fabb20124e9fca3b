from concurrent.futures import ThreadPoolExecutor

import pytest
from azure.batch import BatchClient, models
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

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
    wait_for_completed,
    wait_for_nodes,
    wait_for_state,
)
from tests.processes import processes_naming
from tests.raw import Raw
from tests.waiting import wait_until


def processes(job: str, task_id: str) -> list[int]:
    here = processes_naming(f"AZ_BATCH_JOB_ID={job}\0")
    return [pid for pid in processes_naming(f"AZ_BATCH_TASK_ID={task_id}\0") if pid in here]


def test_task_reads_back_with_batchs_defaults(raw: Raw, client: BatchClient, name: str) -> None:
    make_job(client, name, "none", constraints={"maxTaskRetryCount": 3})
    answer = raw("POST", f"/jobs/{name}/tasks", {"id": "T-1", "commandLine": "true"})
    assert answer.status == 201
    url = f"{raw.status.batch_endpoint}/jobs/{name}/tasks/T-1"
    assert (answer.headers["location"], answer.headers["dataserviceid"]) == (url, url)
    body = raw("GET", f"/jobs/{name}/tasks/T-1").body
    created = body.pop("creationTime")
    assert body == {
        "odata.metadata": f"{raw.status.batch_endpoint}/$metadata#tasks/@Element",
        "id": "T-1",
        "url": url,
        "eTag": answer.headers["etag"],
        "lastModified": created,
        "state": "active",
        "stateTransitionTime": created,
        "commandLine": "true",
        "userIdentity": {"autoUser": {"scope": "pool", "elevationLevel": "nonadmin"}},
        "constraints": {
            "maxWallClockTime": "P10675199DT2H48M5.4775807S",
            "retentionTime": "P7D",
            "maxTaskRetryCount": 3,
        },
        "requiredSlots": 1,
        "executionInfo": {"retryCount": 0, "requeueCount": 0},
    }


def test_completed_task_tells_when_and_where_it_ran(client: BatchClient, pool: str, job: str) -> None:
    done = run(client, job, task("t", "true"))
    info = execution(done)
    assert (info.exit_code, info.result, info.failure_info) == (0, "success", None)
    assert info.start_time is not None
    assert info.end_time is not None
    assert done.creation_time is not None
    assert done.creation_time <= info.start_time <= info.end_time <= done.state_transition_time
    assert (done.previous_state, done.previous_state_transition_time) == ("running", info.start_time)
    where = done.node_info
    assert where is not None
    assert where.node_id in {node.id for node in client.list_nodes(pool)}
    assert (where.pool_id, where.task_root_directory) == (pool, f"workitems/{job}/job-1/t")
    assert where.affinity_id == f"TVM:{where.node_id}"


def test_ids_are_the_same_whatever_their_case_and_keep_the_one_they_came_with(client: BatchClient, name: str) -> None:
    make_job(client, name, "none")
    client.create_task(name, task("Render", "true"))
    assert client.get_task(name.upper(), "rENDER").id == "Render"
    with pytest.raises(ResourceExistsError) as refusal:
        client.create_task(name, task("RENDER", "true"))
    assert (refusal.value.status_code, error_code(refusal.value)) == (409, "TaskExists")


def test_of_many_adding_the_same_task_at_once_exactly_one_wins(client: BatchClient, job: str) -> None:
    def add(number: int) -> bool:
        try:
            client.create_task(job, task("same", f"echo {number}"))
        except ResourceExistsError:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        won = list(threads.map(add, range(24)))
    assert won.count(True) == 1
    completed(client, job, "same")
    assert read(client, job, "same") == f"{won.index(True)}\n".encode()


def test_collection_added_again_adds_what_is_missing_only(client: BatchClient, name: str) -> None:
    make_job(client, name, "none")
    client.create_tasks(name, [task(f"t{i}", "true") for i in range(150)])
    client.create_tasks(name, [task(f"t{i}", "true") for i in range(250)])
    assert counts(client, name).active == 250


def test_each_task_of_a_collection_is_added_once_with_its_own_definition(
    raw: Raw, client: BatchClient, name: str
) -> None:
    make_job(client, name, "none", usesTaskDependencies=True)
    raw("POST", f"/jobs/{name}/tasks", {"id": "b", "commandLine": "first"})
    tasks: list[dict[str, object]] = [
        {"id": "a", "commandLine": "one", "requiredSlots": 2, "constraints": {"maxTaskRetryCount": 7}},
        {"id": "B", "commandLine": "two"},
        {"id": "c", "commandLine": "three", "dependsOn": {"taskIds": ["a", "d"]}},
        {"id": "a", "commandLine": "four"},
        {"id": "C", "commandLine": "five"},
        {"id": "d", "commandLine": "six", "dependsOn": {"taskIds": ["b"]}},
    ]
    results = raw("POST", f"/jobs/{name}/addtaskcollection", {"value": tasks}).body["value"]
    outcomes = [(result["taskId"], result.get("error", {}).get("code")) for result in results]
    again = "TaskExists"
    assert outcomes == [("a", None), ("B", again), ("c", None), ("a", again), ("C", again), ("d", None)]
    commands = {str(seen.id): seen.command_line for seen in client.list_tasks(name)}
    assert commands == {"b": "first", "a": "one", "c": "three", "d": "six"}
    first = client.get_task(name, "a")
    assert first.constraints is not None
    assert (first.required_slots, first.constraints.max_task_retry_count) == (2, 7)
    assert counts(client, name).active == 4


def test_thousand_tasks_all_run(client: BatchClient, job: str) -> None:
    client.create_tasks(job, [task(f"t{i}", f"echo {i}") for i in range(1000)])
    wait_for_completed(client, job, 1000)
    assert counts(client, job).succeeded == 1000
    assert read(client, job, "t777") == b"777\n"


def test_command_line_is_split_into_words_and_not_given_to_a_shell(client: BatchClient, job: str) -> None:
    run(client, job, task("t", r"""printf '[%s]' $HOME "two words" '$x' a\ b && | "" > *"""))
    assert read(client, job, "t") == b"[$HOME][two words][$x][a b][&&][|][][>][*]"


def test_unicode_passes_through_command_line_and_output(client: BatchClient, job: str) -> None:
    run(client, job, task("t", "echo 'Žluťoučký kůň 東京 🦈'"))
    assert read(client, job, "t").decode() == "Žluťoučký kůň 東京 🦈\n"


def test_command_line_of_30_kilobytes_runs(client: BatchClient, job: str) -> None:
    words = " ".join(f"word{i:04}" for i in range(3300))
    run(client, job, task("t", f"echo {words}"))
    assert read(client, job, "t").decode() == f"{words}\n"


@pytest.mark.parametrize(
    ("command_line", "code"),
    [
        ("no-such-program --help", "CommandProgramNotFound"),
        ("/no/such/program", "CommandProgramNotFound"),
        ("./not-there", "CommandProgramNotFound"),
        ("/etc", "CommandProgramNotFound"),
        ("''", "CommandProgramNotFound"),
        ("", "CommandLaunchFailed"),
        ("echo 'open", "CommandLaunchFailed"),
        ("echo \0", "CommandLaunchFailed"),
        ("echo " + "x" * 200_000, "CommandLaunchFailed"),
    ],
)
def test_command_that_cannot_start_fails_without_exit_code_and_without_retry(
    client: BatchClient, job: str, command_line: str, code: str
) -> None:
    done = run(client, job, task("t", command_line, constraints={"maxTaskRetryCount": 2}))
    info = execution(done)
    assert (info.result, info.exit_code, info.retry_count, info.requeue_count) == ("failure", None, 0, 0)
    assert info.failure_info is not None
    assert (info.failure_info.code, info.failure_info.category) == (code, "UserError")
    assert read(client, job, "t") == b""


def test_failed_task_carries_its_exit_code(client: BatchClient, job: str) -> None:
    done = run(client, job, task("t", sh("echo out; echo err >&2; exit 3")))
    assert (execution(done).exit_code, execution(done).result) == (3, "failure")
    assert failure_code(done) == "FailureExitCode"
    assert (read(client, job, "t"), read(client, job, "t", "stderr.txt")) == (b"out\n", b"err\n")


def test_task_ended_by_a_signal_has_the_exit_code_that_a_shell_would_give(client: BatchClient, job: str) -> None:
    assert execution(run(client, job, task("t", sh("kill -TERM $$")))).exit_code == 143


def test_what_a_command_leaves_running_in_its_group_ends_with_it(client: BatchClient, job: str) -> None:
    run(client, job, task("t", sh("sleep 600 & sleep 600 & echo done")))
    assert read(client, job, "t") == b"done\n"
    wait_until(lambda: not processes(job, "t"), within=5)


def test_terminated_task_ends_with_all_its_descendants(client: BatchClient, job: str) -> None:
    client.create_task(job, task("t", sh('(sh -c "sleep 600; true" & sleep 600; true) & sleep 600; true')))
    wait_until(lambda: len(processes(job, "t")) >= 6)
    client.terminate_task(job, "t")
    done = client.get_task(job, "t")
    assert (done.state, execution(done).result, failure_code(done)) == ("completed", "failure", "TaskEnded")
    wait_until(lambda: not processes(job, "t"), within=5)
    with pytest.raises(ResourceExistsError) as refusal:
        client.terminate_task(job, "t")
    assert error_code(refusal.value) == "TaskCompleted"


def test_terminated_task_frees_its_slots(client: BatchClient, name: str) -> None:
    make_pool(client, name)
    make_job(client, name, name)
    client.create_task(name, task("long", "sleep 600"))
    wait_for_state(client, name, "long", "running")
    client.create_task(name, task("next", "true"))
    client.terminate_task(name, "long")
    completed(client, name, "next")


def test_task_that_waits_can_be_terminated(client: BatchClient, name: str) -> None:
    make_job(client, name, "none")
    client.create_task(name, task("t", "true"))
    client.terminate_task(name, "t")
    info = execution(client.get_task(name, "t"))
    assert (info.result, info.start_time, info.exit_code) == ("failure", None, None)


def test_deleted_task_ends_and_its_files_go(client: BatchClient, pool: str, job: str) -> None:
    client.create_task(job, task("t", sh("sleep 600; true")))
    wait_until(lambda: processes(job, "t"))
    where = client.get_task(job, "t").node_info
    assert where is not None
    client.delete_task(job, "t")
    with pytest.raises(ResourceNotFoundError) as gone:
        client.get_task(job, "t")
    assert error_code(gone.value) == "TaskNotFound"
    wait_until(lambda: not processes(job, "t"), within=5)
    folder = f"workitems/{job}/job-1/t"

    def files() -> list[str]:
        return [str(file.name) for file in client.list_node_files(pool, str(where.node_id), recursive=True)]

    wait_until(lambda: folder not in files())


def test_task_deleted_while_it_runs_and_added_again_is_another(client: BatchClient, job: str) -> None:
    for i in range(5):
        client.create_task(job, task("t", sh(f"echo {i}; sleep 600")))
        wait_until(lambda: processes(job, "t"))
        client.delete_task(job, "t")
    client.create_task(job, task("t", "echo last"))
    assert execution(completed(client, job, "t")).exit_code == 0
    assert read(client, job, "t") == b"last\n"
    wait_until(lambda: not processes(job, "t"), within=5)
    assert counts(client, job).completed == 1


def test_task_over_its_wall_clock_time_ends_with_its_descendants_and_is_not_retried(
    client: BatchClient, job: str
) -> None:
    limits = {"maxWallClockTime": "PT0.3S", "maxTaskRetryCount": 5}
    done = run(client, job, task("t", sh("sleep 600 & sleep 600; true"), constraints=limits))
    assert (execution(done).result, execution(done).retry_count, failure_code(done)) == ("failure", 0, "TaskEnded")
    wait_until(lambda: not processes(job, "t"), within=5)


def test_task_within_its_wall_clock_time_is_left_alone(client: BatchClient, job: str) -> None:
    done = run(client, job, task("t", "sleep 0.1", constraints={"maxWallClockTime": "PT1M"}))
    assert execution(done).result == "success"


def test_task_takes_as_many_slots_as_it_requires(client: BatchClient, name: str) -> None:
    make_pool(client, name, taskSlotsPerNode=4)
    (node,) = wait_for_nodes(client, name, nodes=1)
    make_job(client, name, name)
    client.create_task_collection(
        name,
        models.BatchTaskGroup(
            task_values=[task("a", "sleep 600", requiredSlots=3), task("b", "sleep 600", requiredSlots=2)]
        ),
    )
    wait_for_state(client, name, "a", "running")
    client.create_task(name, task("small", "true"))
    assert client.get_task(name, "b").state == "active"
    seen = client.get_node(name, node.id)
    assert (seen.state, seen.running_tasks_count, seen.running_task_slots_count) == ("running", 1, 3)
    result = client.get_job_task_counts(name)
    assert (result.task_counts.running, result.task_slot_counts.running) == (1, 3)
    assert (result.task_counts.active, result.task_slot_counts.active) == (2, 3)
    client.terminate_task(name, "a")
    wait_for_state(client, name, "b", "running")
    completed(client, name, "small")


def test_task_that_fits_no_node_waits_and_lets_others_by(client: BatchClient, job: str) -> None:
    client.create_task(job, task("huge", "true", requiredSlots=5))
    run(client, job, task("t", "true"))
    assert client.get_task(job, "huge").state == "active"


def test_failed_task_is_reactivated_and_runs_again(client: BatchClient, job: str) -> None:
    once = "m=$AZ_BATCH_NODE_SHARED_DIR/$AZ_BATCH_JOB_ID; test -e $m || { touch $m; exit 5; }"
    assert execution(run(client, job, task("t", sh(once)))).exit_code == 5

    def succeeded() -> bool:
        """The mark of the first run lies on one of two nodes."""
        client.reactivate_task(job, "t")
        return execution(completed(client, job, "t")).result == "success"

    wait_until(succeeded)
    assert failure_code(client.get_task(job, "t")) is None


@pytest.mark.parametrize(
    ("command_line", "wanted", "code"),
    [("true", "completed", "TaskSucceeded"), ("sleep 600", "running", "TaskNotCompleted")],
)
def test_only_a_failed_task_can_be_reactivated(
    client: BatchClient, job: str, command_line: str, wanted: str, code: str
) -> None:
    client.create_task(job, task("t", command_line))
    wait_for_state(client, job, "t", wanted)
    with pytest.raises(ResourceExistsError) as refusal:
        client.reactivate_task(job, "t")
    assert (refusal.value.status_code, error_code(refusal.value)) == (409, code)


def test_task_of_a_completed_job_cannot_be_added_or_reactivated(client: BatchClient, job: str) -> None:
    run(client, job, task("t", "false"))
    client.begin_terminate_job(job, options={"terminateReason": "over"})  # type: ignore[arg-type]
    with pytest.raises(ResourceExistsError) as refusal:
        client.reactivate_task(job, "t")
    assert error_code(refusal.value) == "JobCompleted"
    with pytest.raises(ResourceExistsError) as refusal:
        client.create_task(job, task("late", "true"))
    assert error_code(refusal.value) == "JobCompleted"
