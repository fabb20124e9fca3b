"""The service's own life beside what survives a kill (test_recovery.py)."""

import os
import signal
from pathlib import Path

from azure.batch import BatchClient

from shoal.service_status import is_running
from tests.local.making import make_job, make_pool, sh, task, wait_for_nodes, wait_for_state
from tests.processes import processes_naming
from tests.services import batch_client, running_service, start_service, stop_service
from tests.waiting import wait_until

NODES = 25


def test_service_that_is_stopped_while_nodes_come_up_ends_them_all(tmp_path: Path) -> None:
    status = start_service(tmp_path)
    try:
        make_pool(batch_client(status), "pool", nodes=NODES)
        os.kill(status.pid, signal.SIGTERM)
        wait_until(lambda: not is_running(tmp_path), within=20)
    finally:
        if is_running(tmp_path):
            os.kill(status.pid, signal.SIGKILL)
    wait_until(lambda: not processes_naming(str(tmp_path)), within=5)


def test_service_after_a_killed_one_names_its_own_process(tmp_path: Path) -> None:
    stop_service(start_service(tmp_path), signal.SIGKILL)
    with running_service(tmp_path) as status:
        assert Path(f"/proc/{status.pid}/cmdline").read_bytes().find(str(tmp_path).encode()) > 0


def test_stop_ends_processes_that_have_left_their_group_and_those_of_start_tasks(tmp_path: Path) -> None:
    with running_service(tmp_path) as status:
        client = batch_client(status)
        make_pool(client, "pool", startTask={"commandLine": "sleep 602", "waitForSuccess": False})
        make_job(client, "job", "pool")
        client.create_task("job", task("t", sh("setsid sleep 603 & sleep 604")))
        wait_until(lambda: len(sleepers(tmp_path)) == 3)
    wait_until(lambda: not sleepers(tmp_path), within=5)


def sleepers(state_dir: Path) -> list[int]:
    here = set(processes_naming(str(state_dir)))
    return [pid for pid in processes_naming("sleep\0" + "60") if pid in here]


def test_state_is_taken_up_where_it_was_left(tmp_path: Path) -> None:
    with running_service(tmp_path) as status:
        first = batch_client(status)
        make_pool(first, "pool", nodes=0, targetLowPriorityNodes=1, taskSlotsPerNode=2)
        make_job(first, "job", "pool", priority=7)
        first.create_tasks("job", [task("done", "true"), task("long", "sleep 600")])
        wait_for_state(first, "job", "done", "completed")
        wait_for_state(first, "job", "long", "running")
        before = first.get_task("job", "done")
        (node,) = first.list_nodes("pool")
    with running_service(tmp_path) as again:
        assert (again.batch_endpoint, again.key, again.blob_endpoint) == (
            status.batch_endpoint,
            status.key,
            status.blob_endpoint,
        )
        second: BatchClient = batch_client(again)
        assert second.get_job("job").priority == 7
        assert second.get_task("job", "done") == before
        wait_for_state(second, "job", "long", "running")
        assert [kept.id for kept in wait_for_nodes(second, "pool", nodes=1, state="running")] == [node.id]
        assert b"".join(second.download_task_file("job", "done", "stdout.txt")) == b""
