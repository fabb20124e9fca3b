"""Answers that end in the middle, on a loopback server, through the client that every command uses."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

import pytest
from azure.batch import BatchClient
from azure.core.credentials import AzureNamedKeyCredential

from shoal.connect import batch_client
from shoal.jobs.submit.collection import Added, EncodedTask, Patience, add
from shoal.runs.job_queries import BatchJobQueries
from shoal.runs.progress import Counts
from shoal.runs.watch import Clock, watch
from tests.jobs.scripted_service import KEY

HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CUTS = {
    "within the body": lambda body: f"{HEAD}Content-Length: {len(body)}\r\n\r\n{body[:20]}",
    "within a chunk": lambda body: f"{HEAD}Transfer-Encoding: chunked\r\n\r\n{len(body):x}\r\n{body[:20]}",
    "where the body's length is not told": lambda body: f"{HEAD}\r\n{body[:20]}",
    "within the header": lambda body: HEAD[:-20],
}
JOB = '{"id": "job", "state": "completed", "poolInfo": {"poolId": "p"}, "executionInfo": {"startTime": '
JOB += '"2026-01-01T00:00:00Z", "poolId": "p", "terminateReason": "AllTasksComplete"}}'
COUNTS = (
    '{"taskCounts": {"active": 0, "running": 0, "completed": 1, "succeeded": 1, "failed": 0}, "taskSlotCounts": {}}'
)
ADDED = '{"value": [{"status": "Success", "taskId": "a"}]}'
LISTED = '{"value": [{"id": "a", "state": "completed"}]}'
NONE = '{"value": []}'


@contextmanager
def answering(*answers: str) -> Iterator[BatchClient]:
    """A client of a server that gives these answers, one for each connection, and closes it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)  # for a client that asks less often than expected

        def serve() -> None:
            with suppress(TimeoutError):
                for answer in answers:
                    connection, _ = server.accept()
                    with connection:
                        connection.recv(65536)
                        connection.sendall(answer.encode())

        thread = threading.Thread(target=serve)
        thread.start()
        endpoint = f"http://127.0.0.1:{server.getsockname()[1]}/acct"
        with batch_client(endpoint, AzureNamedKeyCredential("acct", KEY)) as client:
            yield client
        thread.join()


def whole(body: str) -> str:
    return f"{HEAD}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}"


@pytest.mark.parametrize("cut", CUTS)
def test_tasks_whose_answer_was_cut_off_are_sent_again(cut: str) -> None:
    with answering(CUTS[cut](ADDED), whole(ADDED)) as client:
        task = EncodedTask(id="a", body=b'{"id": "a", "commandLine": "true"}')
        assert add(client, "job", [task], Patience(sleep=lambda _: None)) == Added(added=1)


@pytest.mark.parametrize("cut", CUTS)
def test_watch_asks_again_where_an_answer_was_cut_off(cut: str) -> None:
    silences: list[timedelta] = []
    with answering(
        CUTS[cut](JOB), whole(JOB), CUTS[cut](COUNTS), *map(whole, [JOB, COUNTS, NONE, LISTED, NONE])
    ) as client:
        ending = watch(
            BatchJobQueries(client, "job"),
            on_snapshot=lambda _: None,
            on_silence=silences.append,
            clock=Clock(sleep=lambda _: None),
        )
    assert (ending.counts, ending.succeeded) == (Counts(succeeded=1), True)
    assert len(silences) == 2
