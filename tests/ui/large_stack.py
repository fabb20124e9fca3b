"""A stack with a million tasks and thousands of nodes, on a service of its own."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import cycle, islice
from pathlib import Path

import pytest
from azure.batch import models

from shoal.connect import Services, connected
from shoal.environment import Pool
from shoal.local.state_files import DATABASE
from shoal.service_status import Status
from tests.environments import deploy
from tests.services import running_service
from tests.ui.swept_job import submit_file

JOB = "million"
TASKS = 1_000_000
SLOTS = 4
JOB_FILE = f"""\
job: {{pool: spot}}
stages:
  - name: work
    for_each: {{product: {{row: {{range: [1, {TASKS // 1000}]}}, column: {{range: [1, 1000]}}}}}}
    command: sleep 1; echo {{{{ row }}}} {{{{ column }}}}
    expected_time: 1s
"""
STATES = ("idle", "idle", "idle", "idle", "idle", "offline", "unusable", "preempted")


@contextmanager
def large_stack(folder: Path) -> Iterator[tuple[Services, Status]]:
    """Deploy a stack whose pool `spot` has two nodes, and submit a job of a million tasks that has just begun then."""
    with running_service() as status, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHOAL_STATE", status.state_dir)
        with connected(deploy(status, folder)) as services:
            file = folder / "job.yaml"
            file.write_text(JOB_FILE)
            submit_file(services, file, JOB)
            yield services, status


def add_pool_of(services: Services, status: Status, count: int) -> Pool:
    """Return a pool with so many nodes: rows in the service's store, behind which there is no agent.

    They stand for a simulated pool: the page and the requests are the same.
    """
    pool = Pool(id=f"nodes-{count}", vm_size="standard_d2s_v3", task_slots_per_node=SLOTS)
    services.batch.create_pool(
        models.BatchPoolCreateOptions(id=pool.id, vm_size=pool.vm_size, task_slots_per_node=SLOTS)
    )
    now = time.time_ns() // 1000
    with closing(sqlite3.connect(Path(status.state_dir) / DATABASE, timeout=30)) as store, store:
        (key,) = store.execute("SELECT key FROM pools WHERE id = ?", (pool.id,)).fetchone()
        store.execute("UPDATE pools SET target_low_priority = ? WHERE key = ?", (count, key))
        store.executemany(
            "INSERT INTO nodes (pool, id, dedicated, ip_address, state, state_time, allocated, boots)"
            " VALUES (?, ?, 0, '10.0.0.4', ?, ?, ?, 1)",
            [
                (key, f"tvmps_{key:032x}{n:032x}_p", state, now, now)
                for n, state in enumerate(islice(cycle(STATES), count))
            ],
        )
    return pool
