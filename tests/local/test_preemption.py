"""A Spot node that is taken away and given back."""

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from azure.batch import BatchClient

from shoal.service_status import Status
from tests.local.making import (
    completed,
    execution,
    make_job,
    make_pool,
    run,
    sh,
    task,
    wait_for_nodes,
    wait_for_state,
)
from tests.processes import processes_naming
from tests.services import batch_client, running_service
from tests.waiting import wait_until

pytestmark = pytest.mark.xdist_group("preemption")  # one service for all of them


@pytest.fixture(scope="module")
def own_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Status]:
    """Chaos is a service's, so these tests do not share one with others. Machines come back at once here."""
    with running_service(tmp_path_factory.mktemp("preemption")) as status:
        admin(status, "PUT", "/-/chaos", {"absence_seconds": 0})
        yield status


@pytest.fixture
def batch(own_service: Status) -> Iterator[BatchClient]:
    with batch_client(own_service) as client:
        yield client


@pytest.fixture
def spot(batch: BatchClient, request: pytest.FixtureRequest) -> str:
    """A pool of one Spot node, and a job of the same name on it."""
    name = f"spot-{abs(hash(request.node.name))}"
    make_pool(batch, name, nodes=0, targetLowPriorityNodes=1)
    make_job(batch, name, name)
    return name


def admin(status: Status, method: str, path: str, body: Any, *, token: str | None = None) -> tuple[int, Any]:
    connection = HTTPConnection(urlsplit(status.arm_endpoint).netloc, timeout=10)
    headers = {"Authorization": f"Bearer {status.arm_token if token is None else token}"}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    connection.request(method, path, content, {name: value.encode() for name, value in headers.items()})
    response = connection.getresponse()
    answer = response.status, json.loads(response.read())
    connection.close()
    return answer


def preempt(status: Status, node: str) -> None:
    assert admin(status, "POST", "/-/preemptions", {"node": node}) == (200, {"node": node})


def test_preempted_node_loses_its_data_and_runs_tasks_again_as_the_same_node(
    own_service: Status, batch: BatchClient, spot: str
) -> None:
    many = sh("mkdir d; cd d; seq 3000 | xargs touch; echo x > $AZ_BATCH_NODE_SHARED_DIR/mark")
    run(batch, spot, task("fill", many))
    (node,) = wait_for_nodes(batch, spot, nodes=1)
    for i in range(4):
        batch.create_task(spot, task(f"long{i}", sh("sleep 600 & sleep 600; true")))
        wait_for_state(batch, spot, f"long{i}", "running")
        preempt(own_service, node.id)
        wait_for_state(batch, spot, f"long{i}", "running")
        info = execution(batch.get_task(spot, f"long{i}"))
        assert (info.requeue_count, info.retry_count) == (1, 0)
        batch.terminate_task(spot, f"long{i}")
        wait_until(lambda: not processes_naming(f"AZ_BATCH_JOB_ID={spot}\0"), within=5)
    batch.create_task(spot, task("look", sh("ls $AZ_BATCH_NODE_SHARED_DIR")))
    completed(batch, spot, "look")
    assert b"".join(batch.download_task_file(spot, "look", "stdout.txt")) == b""
    assert [again.id for again in batch.list_nodes(spot)] == [node.id]


def test_pool_that_is_deleted_while_its_node_is_away_is_gone_with_all_files(
    own_service: Status, batch: BatchClient, spot: str
) -> None:
    (node,) = wait_for_nodes(batch, spot, nodes=1)
    preempt(own_service, node.id)
    batch.begin_delete_pool(spot)
    wait_until(lambda: spot not in [pool.id for pool in batch.list_pools()])
    wait_until(lambda: not processes_naming(node.id), within=5)
    wait_until(lambda: not list((Path(own_service.state_dir) / "nodes").glob(f"{node.id}*")), within=5)


@pytest.mark.parametrize("token", ["", "wrong", "ž"])
def test_only_the_services_own_token_may_preempt(own_service: Status, token: str) -> None:
    assert admin(own_service, "POST", "/-/preemptions", {}, token=token)[0] == 401


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"colour": 1}', b'{"boot_seconds": -1}', b'{"seed": "x"}'])
def test_chaos_that_is_none_is_refused(own_service: Status, body: bytes) -> None:
    assert admin(own_service, "PUT", "/-/chaos", body)[0] == 400
    assert admin(own_service, "GET", "/-/chaos", b"")[1]["absence_seconds"] == 0
