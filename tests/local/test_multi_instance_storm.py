"""Multi-instance tasks, among others, while nodes are evicted and the service is killed."""

import contextlib
import random
import signal
from pathlib import Path

import pytest
from azure.batch import BatchClient

from tests.local.making import counts, execution, make_job, make_pool, sh, task, wait_for_nodes
from tests.local.test_preemption import admin
from tests.processes import processes_naming
from tests.services import batch_client, start_service, stop_service
from tests.waiting import wait_until

JOBS = ("plain", "prepared", "urgent")
TASKS = 16
BUSY = 77
"""Exit code of `flock` where another process holds the lock."""


def add_work(client: BatchClient, directory: Path) -> None:
    """Add tasks for one to five nodes. Each notes if it, or a daemon of another task on its node, still runs."""
    held = f"flock -n -E {BUSY} {directory}"
    noted = f"echo $AZ_BATCH_TASK_ID >> {directory}/twice"
    daemon = f"setsid flock -n {directory}/$AZ_BATCH_NODE_ID sleep 600 &"
    coordination = sh(f"{held}/$AZ_BATCH_NODE_ID true || {noted}; {daemon} sleep 0.05")
    command = sh(f"{held}/$AZ_BATCH_JOB_ID-$AZ_BATCH_TASK_ID sleep 0.2; c=$?; [ $c != {BUSY} ] || {noted}; exit $c")
    make_job(client, "plain", "pool", allowTaskPreemption=True)
    make_job(client, "prepared", "pool", jobPreparationTask={"commandLine": "sleep 0.05"})
    make_job(client, "urgent", "pool", priority=5)
    for job in JOBS:
        for i in range(TASKS):
            settings = {"numberOfInstances": i % 5 + 1, "coordinationCommandLine": coordination}
            client.create_task(job, task(f"t{i}", command, **({"multiInstanceSettings": settings} if i % 4 else {})))


@pytest.mark.soak
def test_every_task_runs_to_its_end_once_and_leaves_nothing(tmp_path: Path) -> None:
    choice = random.Random(7)
    status = start_service(tmp_path)
    admin(status, "PUT", "/-/chaos", {"absence_seconds": 0.2})
    with batch_client(status) as client:
        make_pool(client, "pool", nodes=2, targetLowPriorityNodes=3, enableInterNodeCommunication=True)
        add_work(client, tmp_path)

    def are_done() -> bool:
        with batch_client(status) as client:
            return sum(counts(client, job).completed for job in JOBS) == TASKS * len(JOBS)

    for _ in range(20):
        with contextlib.suppress(AssertionError):
            wait_until(are_done, within=choice.random())
        if choice.random() < 0.3:
            stop_service(status, signal.SIGKILL)
            status = start_service(tmp_path)
        else:
            admin(status, "POST", "/-/preemptions", {"node": None})
    wait_until(are_done, within=60)
    with batch_client(status) as client:
        wait_for_nodes(client, "pool", nodes=5)
        ends = [execution(done) for job in JOBS for done in client.list_tasks(job)]
    assert {(end.result, end.exit_code) for end in ends} == {("success", 0)}
    assert not (tmp_path / "twice").exists()
    assert not processes_naming(f"AZ_BATCH_NODE_ROOT_DIR={status.state_dir}/")
    stop_service(status)
