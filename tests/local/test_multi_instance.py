"""Tasks that run on several nodes at once."""

import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from azure.batch import BatchClient, models
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from shoal.service_status import Status
from tests.blobs import make_container, signed_url
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
    wait_for_nodes,
    wait_for_state,
)
from tests.processes import processes_naming
from tests.raw import Raw
from tests.services import batch_client, start_service, stop_service
from tests.waiting import wait_until

pytestmark = pytest.mark.xdist_group("multi-instance")  # one pool for all of them


@pytest.fixture(scope="module")
def nodes(client: BatchClient) -> Iterator[str]:
    """A pool of three nodes that may speak to each other."""
    make_pool(client, "multi-instance", nodes=3, enableInterNodeCommunication=True)
    wait_for_nodes(client, "multi-instance", nodes=3)
    yield "multi-instance"
    client.begin_delete_pool("multi-instance")


@pytest.fixture
def job(client: BatchClient, nodes: str, name: str) -> str:
    make_job(client, name, nodes)
    return name


def together(
    task_id: str, command: str, *, coordination: str = "/bin/true", instances: int = 2, **more: Any
) -> models.BatchTaskCreateOptions:
    settings = {"numberOfInstances": instances, "coordinationCommandLine": coordination}
    return task(task_id, command, multiInstanceSettings=settings | more.pop("settings", {}), **more)


def subtasks(client: BatchClient, job: str, task_id: str) -> list[models.BatchSubtask]:
    return list(client.list_subtasks(job, task_id))


def node_of(placed: models.BatchTask | models.BatchSubtask) -> str:
    assert placed.node_info is not None
    assert placed.node_info.node_id is not None
    return placed.node_info.node_id


def read_of_subtask(client: BatchClient, pool: str, subtask: models.BatchSubtask, name: str = "stdout.txt") -> bytes:
    assert subtask.node_info is not None
    path = f"{subtask.node_info.task_root_directory}/{name}"
    return b"".join(client.download_node_file(pool, node_of(subtask), path))


def test_the_command_runs_on_one_node_once_the_coordination_has_ended_on_all(
    client: BatchClient, nodes: str, job: str
) -> None:
    coordination = sh("echo coordinated on $AZ_BATCH_IS_CURRENT_NODE_MASTER")
    done = run(client, job, together("t", sh("echo ran; echo $CCP_NODES"), coordination=coordination, instances=3))
    assert execution(done).result == "success"
    lines = read(client, job, "t").decode().splitlines()
    assert lines[:2] == ["coordinated on true", "ran"]
    assert re.fullmatch(r"3( 127\.0\.\d+\.\d+ 1){3}", lines[2])
    first, second = subtasks(client, job, "t")
    assert (first.id, second.id) == (1, 2)
    assert (first.state, first.result, first.exit_code) == ("completed", "success", 0)
    assert first.previous_state == "running"
    assert None not in (first.start_time, first.end_time)
    assert read_of_subtask(client, nodes, second) == b"coordinated on false\n"
    assert len({node_of(done), node_of(first), node_of(second)}) == 3


def test_subtasks_come_in_pages_with_what_is_selected(client: BatchClient, raw: Raw, nodes: str, job: str) -> None:
    run(client, job, together("t", "true", instances=3))
    path = f"/jobs/{job}/tasks/t/subtasksinfo"
    first = raw("GET", path, query={"maxresults": "1", "$select": "id,result"}).body
    assert first["value"] == [{"id": 1, "result": "success"}]
    link = parse_qs(urlsplit(first["odata.nextLink"]).query)
    last = raw("GET", path, query={name: values[0] for name, values in link.items()}).body
    assert last["value"] == [{"id": 2, "result": "success"}]
    assert "odata.nextLink" not in last
    assert raw("GET", path, query={"$select": "colour"}).code == "InvalidQueryParameterValue"


def test_all_instances_see_the_same_addresses(client: BatchClient, nodes: str, job: str) -> None:
    show = "echo $AZ_BATCH_NODE_LIST $AZ_BATCH_HOST_LIST $AZ_BATCH_MASTER_NODE"
    run(client, job, together("t", "/bin/true", coordination=sh(show)))
    (subtask,) = subtasks(client, job, "t")
    shown = read(client, job, "t")
    assert shown == read_of_subtask(client, nodes, subtask)
    semicolons, commas, master = shown.decode().split()
    primary, other = semicolons.split(";")
    assert commas == f"{primary},{other}"
    assert master == f"{primary}:6000"


SERVE = """
import os, subprocess, sys
hosts = os.environ["AZ_BATCH_HOST_LIST"].split(",")
here = hosts[0] if os.environ["AZ_BATCH_IS_CURRENT_NODE_MASTER"] == "true" else hosts[1]
server = "from http.server import *; import sys; s = HTTPServer((sys.argv[1], 8391), SimpleHTTPRequestHandler);"
server += "print(1, flush=True); s.serve_forever()"
daemon = subprocess.Popen(
    [sys.executable, "-c", server, here],
    cwd=os.environ["AZ_BATCH_TASK_SHARED_DIR"],
    stdout=subprocess.PIPE,
    stderr=subprocess.DEVNULL,
    start_new_session=True,
)
daemon.stdout.readline()
"""
ASK = """
import os, urllib.request
for host in os.environ["AZ_BATCH_HOST_LIST"].split(","):
    print(len(urllib.request.urlopen(f"http://{host}:8391/serve.py").read()))
"""


def test_daemons_of_the_coordination_serve_the_command_at_their_nodes_addresses_and_end_with_it(
    service: Status, client: BatchClient, nodes: str, job: str
) -> None:
    container = make_container(service, job, **{"serve.py": SERVE.encode(), "ask.py": ASK.encode()})
    base, _, signature = signed_url(service, container, "r").partition("?")

    def blob(name: str) -> dict[str, str]:
        return {"httpUrl": f"{base}/{name}?{signature}", "filePath": name}

    settings = {"commonResourceFiles": [blob("serve.py")]}
    script = together(
        "t",
        "python3 ask.py",
        coordination="python3 ../serve.py",
        settings=settings,
        resourceFiles=[blob("ask.py")],
    )
    done = run(client, job, script)
    assert execution(done).result == "success", read(client, job, "t", "stderr.txt")
    assert read(client, job, "t").decode().split() == [str(len(SERVE))] * 2
    (subtask,) = subtasks(client, job, "t")
    with pytest.raises(ResourceNotFoundError):
        read_of_subtask(client, nodes, subtask, "wd/ask.py")
    wait_until(lambda: not processes_naming(f"AZ_BATCH_JOB_ID={job}\0"), within=5)


ON_SUBTASKS = "if $AZ_BATCH_IS_CURRENT_NODE_MASTER; then true; else {}; fi"


def test_failed_coordination_of_one_node_fails_the_task_without_running_its_command(
    client: BatchClient, job: str
) -> None:
    coordination = sh(ON_SUBTASKS.format("exit 3"))
    done = run(
        client, job, together("t", sh("echo ran"), coordination=coordination, constraints={"maxTaskRetryCount": 1})
    )
    info = execution(done)
    assert (info.result, info.exit_code, info.retry_count) == ("failure", 3, 1)
    assert info.failure_info is not None
    assert info.failure_info.code == "FailureExitCode"
    assert {"SubtaskId": "1"}.items() <= {d.name: d.value for d in info.failure_info.details or []}.items()
    assert read(client, job, "t") == b""
    (subtask,) = subtasks(client, job, "t")
    assert (subtask.state, subtask.result, subtask.exit_code) == ("completed", "failure", 3)


def test_coordination_that_cannot_start_is_not_retried(client: BatchClient, job: str) -> None:
    done = run(client, job, together("t", "/bin/true", coordination="not-there", constraints={"maxTaskRetryCount": 3}))
    assert (failure_code(done), execution(done).retry_count) == ("CommandProgramNotFound", 0)


def test_time_limit_ends_every_instance(client: BatchClient, nodes: str, job: str) -> None:
    limit = {"maxWallClockTime": "PT0.6S"}
    done = run(client, job, together("t", "sleep 600", coordination=sh("sleep 600 &"), constraints=limit))
    assert failure_code(done) == "TaskEnded"
    wait_until(lambda: not processes_naming(f"AZ_BATCH_JOB_ID={job}\0"), within=5)
    wait_for_nodes(client, nodes, nodes=3)


@pytest.mark.parametrize("coordination", ["/bin/true", "sleep 600"])
def test_terminated_task_leaves_nothing_running(client: BatchClient, nodes: str, job: str, coordination: str) -> None:
    client.create_task(job, together("t", "sleep 600", coordination=coordination, instances=3))
    wait_for_state(client, job, "t", "running")
    wait_until(lambda: processes_naming(f"AZ_BATCH_JOB_ID={job}\0"))
    client.terminate_task(job, "t")
    wait_until(lambda: not processes_naming(f"AZ_BATCH_JOB_ID={job}\0"), within=5)
    wait_for_nodes(client, nodes, nodes=3)
    assert [subtask.state for subtask in subtasks(client, job, "t")] == ["completed", "completed"]


def test_deleted_task_leaves_neither_processes_nor_files_of_its_subtasks(
    client: BatchClient, nodes: str, job: str
) -> None:
    client.create_task(job, together("t", "sleep 600"))
    wait_until(lambda: [s.state for s in subtasks(client, job, "t")] == ["completed"])
    (subtask,) = subtasks(client, job, "t")
    client.delete_task(job, "t")
    wait_until(lambda: not processes_naming(f"AZ_BATCH_JOB_ID={job}\0"), within=5)
    wait_for_nodes(client, nodes, nodes=3)
    with pytest.raises(ResourceNotFoundError):
        read_of_subtask(client, nodes, subtask)


def test_loss_of_one_node_lets_the_whole_task_run_again_beside_nothing_of_its_first_run(
    client: BatchClient, nodes: str, job: str
) -> None:
    client.create_task(job, together("t", "sleep 600"))
    wait_for_state(client, job, "t", "running")
    wait_until(lambda: [s.state for s in subtasks(client, job, "t")] == ["completed"])
    first = processes_naming(f"AZ_BATCH_JOB_ID={job}\0")
    (subtask,) = subtasks(client, job, "t")
    client.begin_reboot_node(nodes, node_of(subtask), options={"nodeRebootOption": "requeue"})  # type: ignore[arg-type]
    wait_until(lambda: execution(client.get_task(job, "t")).requeue_count == 1)
    wait_for_state(client, job, "t", "running")
    assert not set(first) & set(processes_naming(f"AZ_BATCH_JOB_ID={job}\0"))
    client.terminate_task(job, "t")
    wait_for_nodes(client, nodes, nodes=3)
    assert execution(client.get_task(job, "t")).retry_count == 0


def test_larger_task_waits_for_nodes_and_is_not_starved_by_small_ones(
    client: BatchClient, nodes: str, job: str
) -> None:
    client.create_tasks(job, [task(f"a{i}", "sleep 0.5") for i in range(3)])
    client.create_task(job, together("t", "/bin/true", instances=3))
    client.create_tasks(job, [task(f"b{i}", "/bin/true") for i in range(12)])
    done = completed(client, job, "t")
    wait_until(lambda: counts(client, job).completed == 16)
    started = execution(done).start_time
    assert started
    assert all(
        start > started for i in range(12) if (start := execution(client.get_task(job, f"b{i}")).start_time) is not None
    )


def test_task_for_more_nodes_than_there_are_waits_and_lets_others_run(client: BatchClient, job: str) -> None:
    client.create_task(job, together("t", "/bin/true", instances=4))
    run(client, job, task("small", "/bin/true"))
    assert client.get_task(job, "t").state == "active"


def test_task_that_needs_the_node_of_its_jobs_manager_as_well_lets_others_run(
    client: BatchClient, nodes: str, name: str
) -> None:
    make_job(client, name, nodes, jobManagerTask={"id": "m", "commandLine": "sleep 600"})
    wait_for_state(client, name, "m", "running")
    client.create_task(name, together("t", "/bin/true", instances=3))
    run(client, name, task("small", "/bin/true"))
    assert client.get_task(name, "t").state == "active"
    client.terminate_task(name, "m")
    wait_for_nodes(client, nodes, nodes=3)


def test_pool_without_communication_between_nodes_never_runs_it(client: BatchClient, one_node: str, name: str) -> None:
    make_job(client, name, one_node)
    client.create_task(name, together("t", "/bin/true", instances=1))
    run(client, name, task("small", "/bin/true"))
    assert client.get_task(name, "t").state == "active"


def test_task_waits_until_the_job_is_prepared_on_all_of_its_nodes(client: BatchClient, nodes: str, name: str) -> None:
    preparation = {"commandLine": sh("sleep 0.2; echo data > file.txt")}
    make_job(client, name, nodes, jobPreparationTask=preparation)
    look = sh("cat $AZ_BATCH_JOB_PREP_WORKING_DIR/file.txt")
    done = run(client, name, together("u", "/bin/true", coordination=look))
    assert execution(done).result == "success"
    (subtask,) = subtasks(client, name, "u")
    assert read_of_subtask(client, nodes, subtask) == b"data\n"
    wait_for_nodes(client, nodes, nodes=3)


def test_node_shows_the_subtask_that_it_has_run(client: BatchClient, nodes: str, job: str) -> None:
    run(client, job, together("t", "/bin/true"))
    (subtask,) = subtasks(client, job, "t")
    node = client.get_node(nodes, node_of(subtask))
    shown = [info for info in node.recent_tasks or [] if info.job_id == job]
    assert [(info.task_id, info.subtask_id) for info in shown] == [("t", 1)]


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({"settings": {"numberOfInstances": 0}}, "InvalidPropertyValue"),
        ({"requiredSlots": 2}, "InvalidPropertyValue"),
        ({"settings": {"coordinationCommandLine": ""}}, "MissingRequiredProperty"),
        ({"settings": {"commonResourceFiles": [{"filePath": "x"}]}}, "InvalidPropertyValue"),
    ],
)
def test_settings_that_cannot_be_are_refused(
    client: BatchClient, job: str, properties: dict[str, Any], code: str
) -> None:
    with pytest.raises(HttpResponseError) as refusal:
        client.create_task(job, together("t", "/bin/true", **properties))
    assert error_code(refusal.value) == code


def test_killed_service_runs_the_task_again_and_nothing_of_it_twice(tmp_path: Path) -> None:
    status = start_service(tmp_path)
    with batch_client(status) as client:
        make_pool(client, "pool", nodes=2, enableInterNodeCommunication=True)
        make_job(client, "job", "pool")
        client.create_task("job", together("t", "sleep 600", coordination=sh("setsid sleep 600 &")))
        wait_until(lambda: [s.state for s in subtasks(client, "job", "t")] == ["completed"])
        before = processes_naming(f"AZ_BATCH_NODE_ROOT_DIR={status.state_dir}/")
    stop_service(status, signal.SIGKILL)
    status = start_service(tmp_path)
    try:
        with batch_client(status) as client:
            wait_until(lambda: execution(client.get_task("job", "t")).requeue_count == 1)
            wait_for_state(client, "job", "t", "running")
            assert not set(before) & set(processes_naming(f"AZ_BATCH_NODE_ROOT_DIR={status.state_dir}/"))
            client.terminate_task("job", "t")
            wait_for_nodes(client, "pool", nodes=2)
    finally:
        stop_service(status)
    assert not processes_naming(f"AZ_BATCH_NODE_ROOT_DIR={status.state_dir}/")
