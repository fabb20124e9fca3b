"""A task's slot is free again while its files are uploaded, and the task runs until they are there."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from azure.batch import BatchClient, models

from shoal.local.node.agent import MOST_VACATED
from tests.local.making import completed, counts, execution, make_job, make_pool, read, sh, task, wait_for_state
from tests.waiting import wait_until


class HeldStorage(ThreadingHTTPServer):
    """Answers every PUT, once it is let go, and keeps what came."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.let_go = threading.Event()
        self.stored: dict[str, bytes] = {}


class _Handler(BaseHTTPRequestHandler):
    server: HeldStorage
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.let_go.wait()
        self.server.stored[self.path] = content
        self.send_response(201)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def held_storage() -> Iterator[HeldStorage]:
    with HeldStorage() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.let_go.set()
            server.shutdown()
            thread.join()


@pytest.fixture
def slot(client: BatchClient, name: str) -> str:
    """A pool of one node with one slot, and a job of the same name on it."""
    make_pool(client, name)
    make_job(client, name, name)
    return name


def uploading(task_id: str, script: str, storage: HeldStorage) -> models.BatchTaskCreateOptions:
    container = {"containerUrl": f"http://127.0.0.1:{storage.server_port}/c", "path": task_id}
    output: dict[str, Any] = {
        "filePattern": "out.txt",
        "destination": {"container": container},
        "uploadOptions": {"uploadCondition": "taskcompletion"},
    }
    return task(task_id, sh(script), outputFiles=[output])


def state(client: BatchClient, job: str, task_id: str) -> str | None:
    return client.get_task(job, task_id).state


def test_slot_is_free_while_files_are_uploaded_and_the_task_runs_until_they_are_there(
    client: BatchClient, slot: str
) -> None:
    with held_storage() as storage:
        client.create_task(slot, uploading("first", "echo 1 > out.txt", storage))
        client.create_task(slot, task("next", "true"))
        completed(client, slot, "next")
        assert state(client, slot, "first") == "running"
        (node,) = client.list_nodes(slot)
        assert (node.state, node.running_tasks_count, node.running_task_slots_count) == ("running", 1, 0)
        # A node that waits for its tasks waits for their files as well.
        client.begin_resize_pool(
            slot,
            models.BatchPoolResizeOptions(target_dedicated_nodes=0, node_deallocation_option="taskcompletion"),
        )
        assert state(client, slot, "first") == "running"
        storage.let_go.set()
        assert execution(completed(client, slot, "first")).exit_code == 0
        assert storage.stored == {"/c/first": b"1\n"}
        wait_until(lambda: list(client.list_nodes(slot)) == [], within=20)


def test_only_so_many_uploads_go_on_behind_a_node_and_a_task_that_is_ended_meanwhile_fails(
    client: BatchClient, slot: str
) -> None:
    with held_storage() as storage:
        number = MOST_VACATED + 5
        client.create_tasks(slot, [uploading(f"t{n:02}", "echo 1 > out.txt", storage) for n in range(number)])
        wait_until(lambda: counts(client, slot).running == MOST_VACATED + 1, within=20)
        ended = next(iter(client.list_tasks(slot, filter="state eq 'running'"))).id
        client.terminate_task(slot, ended)
        assert execution(completed(client, slot, ended)).result == "failure"
        assert counts(client, slot).active == 4
        storage.let_go.set()
        wait_until(lambda: counts(client, slot).succeeded == number - 1, within=20)
        assert counts(client, slot).failed == 1
        assert len(storage.stored) >= number - 1


def test_task_that_runs_again_waits_until_its_earlier_run_has_left_the_directory(
    client: BatchClient, slot: str
) -> None:
    script = "echo $$ > out.txt; echo run >> $AZ_BATCH_NODE_SHARED_DIR/runs"
    with held_storage() as storage:
        client.create_task(slot, uploading("again", script, storage))
        client.create_task(slot, task("mark", "true"))
        completed(client, slot, "mark")
        client.begin_disable_job(slot, models.BatchJobDisableOptions(disable_tasks="requeue"))
        wait_for_state(client, slot, "again", "active")
        client.begin_enable_job(slot)
        wait_for_state(client, slot, "again", "running")
        client.create_task(slot, task("runs", sh("cat $AZ_BATCH_NODE_SHARED_DIR/runs")))
        # It has the only slot, and does nothing with it yet.
        assert state(client, slot, "runs") == "active"
        storage.let_go.set()
        assert execution(completed(client, slot, "again")).exit_code == 0
        completed(client, slot, "runs")
        assert read(client, slot, "runs") == b"run\nrun\n"
        assert storage.stored["/c/again"] == read(client, slot, "again", "wd/out.txt")
