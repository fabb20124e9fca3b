from datetime import timedelta
from typing import Any

from azure.batch import BatchClient, models

from shoal.service_status import Status
from tests.blobs import make_container, signed_url
from tests.local.making import completed, make_job, make_pool, read, run, sh, task, wait_for_nodes
from tests.processes import processes_naming
from tests.waiting import wait_until


def start(client: BatchClient, pool: str, command_line: str, *, nodes: int = 1, **properties: Any) -> None:
    make_pool(client, pool, nodes=nodes, startTask={"commandLine": command_line, **properties})


def info(node: models.BatchNode) -> models.BatchStartTaskInfo:
    assert node.start_task_info is not None
    return node.start_task_info


def startup_file(client: BatchClient, pool: str, node: models.BatchNode, path: str = "stdout.txt") -> bytes:
    return b"".join(client.download_node_file(pool, str(node.id), f"startup/{path}"))


def test_tasks_find_what_the_start_task_has_prepared(client: BatchClient, name: str) -> None:
    start(client, name, sh("echo ready; echo prepared > $AZ_BATCH_NODE_SHARED_DIR/data; echo x > left"))
    make_job(client, name, name)
    run(client, name, task("t", sh("cat $AZ_BATCH_NODE_SHARED_DIR/data $AZ_BATCH_NODE_STARTUP_WORKING_DIR/left")))
    assert read(client, name, "t") == b"prepared\nx\n"
    (node,) = wait_for_nodes(client, name, nodes=1)
    done = info(node)
    assert (done.state, done.result, done.exit_code, done.retry_count) == ("completed", "success", 0, 0)
    assert done.end_time is not None
    assert done.start_time <= done.end_time
    for end, matching in ((done.end_time, 1), (done.end_time + timedelta(microseconds=1), 0)):
        text = f"startTaskInfo/endTime ge datetime'{end.isoformat().replace('+00:00', 'Z')}'"
        assert len(list(client.list_nodes(name, filter=text))) == matching
    assert node.start_task is not None
    assert node.start_task.wait_for_success is True
    assert startup_file(client, name, node) == b"ready\n"
    assert (node.total_tasks_run, node.total_tasks_succeeded) == (1, 1)


def test_start_task_sees_its_own_settings_and_the_nodes_variables(client: BatchClient, name: str) -> None:
    settings = [{"name": "OWN", "value": "5 ž"}]
    start(client, name, "env", environmentSettings=settings)
    (node,) = wait_for_nodes(client, name, nodes=1)
    lines = startup_file(client, name, node).decode().splitlines()
    seen = dict(line.split("=", 1) for line in lines)
    assert seen["OWN"] == "5 ž"
    assert (seen["AZ_BATCH_POOL_ID"], seen["AZ_BATCH_NODE_ID"]) == (name, node.id)
    root = seen["AZ_BATCH_NODE_ROOT_DIR"]
    assert seen["AZ_BATCH_TASK_WORKING_DIR"] == seen["PWD"] == f"{root}/startup/wd"
    assert not {"AZ_BATCH_JOB_ID", "AZ_BATCH_TASK_ID"} & set(seen)


def test_node_waits_for_its_start_task_and_tasks_for_the_node(client: BatchClient, name: str) -> None:
    start(client, name, sh("while ! test -e ../go; do sleep 0.02; done"))
    make_job(client, name, name)
    client.create_task(name, task("t", "true"))
    (node,) = wait_for_nodes(client, name, nodes=1, state="waitingforstarttask")
    assert info(node).state == "running"
    assert client.get_pool(name).allocation_state == "steady"
    assert client.get_task(name, "t").state == "active"
    helper = f"{name}-helper"
    make_pool(client, helper)
    make_job(client, helper, helper)
    run(client, helper, task("go", sh(f"touch $AZ_BATCH_NODE_ROOT_DIR/../{node.id}/startup/go")))
    completed(client, name, "t")


def test_start_task_that_fails_leaves_the_node_unused(client: BatchClient, name: str) -> None:
    start(client, name, sh("echo tried >> ../tries; echo why >&2; exit 3"), maxTaskRetryCount=2)
    (node,) = wait_for_nodes(client, name, nodes=1, state="starttaskfailed")
    failed = info(node)
    assert (failed.state, failed.result, failed.exit_code, failed.retry_count) == ("completed", "failure", 3, 2)
    assert failed.failure_info is not None
    assert failed.failure_info.code == "FailureExitCode"
    assert failed.last_retry_time is not None
    assert startup_file(client, name, node, "tries") == b"tried\n" * 3
    assert startup_file(client, name, node, "stderr.txt") == b"why\n"
    make_job(client, name, name)
    client.create_task(name, task("t", "true"))
    assert client.get_task(name, "t").state == "active"


def test_start_task_may_succeed_at_a_later_try(client: BatchClient, name: str) -> None:
    start(client, name, sh("echo x >> ../tries; test $(wc -l < ../tries) = 3"), maxTaskRetryCount=-1)
    (node,) = wait_for_nodes(client, name, nodes=1)
    assert (info(node).result, info(node).retry_count) == ("success", 2)


def test_command_of_the_start_task_that_is_not_there_is_named(client: BatchClient, name: str) -> None:
    start(client, name, "no-such-program", maxTaskRetryCount=5)
    (node,) = wait_for_nodes(client, name, nodes=1, state="starttaskfailed")
    failure = info(node).failure_info
    assert failure is not None
    assert (failure.code, info(node).retry_count, info(node).exit_code) == ("CommandProgramNotFound", 0, None)


def test_without_waiting_tasks_run_beside_the_start_task_and_its_failure_matters_to_none(
    client: BatchClient, name: str
) -> None:
    start(
        client,
        name,
        sh("while ! test -e $AZ_BATCH_NODE_SHARED_DIR/go; do sleep 0.02; done; exit 1"),
        waitForSuccess=False,
    )
    make_job(client, name, name)
    run(client, name, task("first", "true"))
    (node,) = client.list_nodes(name)
    assert info(node).state == "running"
    run(client, name, task("go", sh("touch $AZ_BATCH_NODE_SHARED_DIR/go")))
    wait_until(lambda: info(next(iter(client.list_nodes(name)))).result == "failure")
    run(client, name, task("after", "true"))
    assert next(iter(client.list_nodes(name))).state in ("idle", "running")


def test_start_task_has_resource_files(service: Status, client: BatchClient, name: str) -> None:
    container = make_container(service, name, **{"in.txt": b"from storage"})
    file = {"storageContainerUrl": signed_url(service, container, "rl"), "filePath": "d"}
    start(client, name, "cat d/in.txt", resourceFiles=[file])
    (node,) = wait_for_nodes(client, name, nodes=1)
    assert startup_file(client, name, node) == b"from storage"


def test_resource_file_of_the_start_task_that_is_missing_fails_it_without_retry(
    service: Status, client: BatchClient, name: str
) -> None:
    file = {"httpUrl": signed_url(service, make_container(service, name), "r").replace("?", "/none?"), "filePath": "a"}
    start(client, name, "true", resourceFiles=[file], maxTaskRetryCount=5)
    (node,) = wait_for_nodes(client, name, nodes=1, state="starttaskfailed")
    failure = info(node).failure_info
    assert failure is not None
    assert (failure.code, info(node).retry_count) == ("BlobNotFound", 0)


def test_pool_that_is_deleted_ends_its_start_tasks(client: BatchClient, name: str) -> None:
    start(client, name, sh("sleep 600 & sleep 600; true"), nodes=2)
    wait_for_nodes(client, name, nodes=2, state="waitingforstarttask")
    mark = f"AZ_BATCH_POOL_ID={name}\0"
    wait_until(lambda: len(processes_naming(mark)) >= 6)
    client.begin_delete_pool(name)
    wait_until(lambda: not processes_naming(mark), within=5)
