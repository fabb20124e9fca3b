"""Lists say what is wrong: of jobs by their pools, of nodes, of failed tasks."""

from collections.abc import Iterator
from typing import Any

import pytest

from shoal.connect import Services
from shoal.runs import listing
from shoal.service_status import Status
from tests.environments import services_by_keys_of
from tests.local.making import make_job, make_pool, sh, task, wait_for_nodes, wait_for_state


@pytest.fixture
def services(service: Status, name: str) -> Iterator[Services]:
    with services_by_keys_of(service, name, 1) as services:
        yield services


def test_job_is_listed_with_what_keeps_its_tasks_from_running(services: Services, name: str) -> None:
    batch = services.batch
    make_pool(batch, name, nodes=0)
    make_job(batch, f"{name}-none", name)
    make_job(batch, f"{name}-gone", f"{name}-gone")
    make_job(batch, f"{name}-over", f"{name}-gone")
    options: Any = {"terminateReason": "UserTerminate"}
    batch.begin_terminate_job(f"{name}-over", options=options, polling_interval=0).wait()
    found = {job.id.removeprefix(f"{name}-"): job.waits_for for job in listing.jobs(batch) if name in job.id}
    assert found == {
        "none": f"pool {name} has no nodes: it has a fixed size of none",
        "gone": f"the pool {name}-gone is gone: Batch has no such pool",
        "over": None,
    }


def test_node_is_listed_with_what_is_wrong_with_it(service: Status, services: Services, name: str) -> None:
    with service.chaos(unusable_share=1):
        make_pool(services.batch, name)
        wait_for_nodes(services.batch, name, nodes=1, state="unusable")
    (node,) = listing.nodes(services.batch, services.environment, "spot")
    assert node.problem == "it is unusable (without errors: Batch has lost contact)"


def test_failed_task_is_listed_with_its_reason(services: Services, name: str) -> None:
    make_pool(services.batch, name)
    make_job(services.batch, name, name)
    services.batch.create_tasks(
        name,
        [
            task("killed", sh("kill -KILL $$")),
            task("over", "sleep 600", constraints={"maxWallClockTime": "PT1S"}),
            task("well", "true"),
        ],
    )
    for ended in ("killed", "over", "well"):
        wait_for_state(services.batch, name, ended, "completed")
    rows = {row.id: row.reason for row in listing.tasks(services.batch, name, state=None, failed=False, limit=None)}
    assert rows == {
        "killed": "exit code 137: killed (SIGKILL), mostly because the node ran out of memory",
        "over": "time limit of 0:00:01 reached",
        "well": None,
    }
