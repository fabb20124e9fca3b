"""Environments on an embedded service: one deployed as users deploy theirs, or one made directly for a single test."""

import json
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from azure.batch import models

from shoal.connect import Services, services_by_keys
from shoal.environment import Authentication, Containers, Environment, Pool, from_json
from shoal.service_status import Status
from tests.services import REPOSITORY
from tests.waiting import wait_until

STACK = """\
config:
  shoal:service: embedded
  shoal:authentication: shared_key
  shoal:resourceGroup: jobs
  shoal:batchAccount: jobsbatch
  shoal:storageAccount: jobsstore
  shoal:jobSchedules: true
  shoal:packages:
    - {name: tool, directory: tool}
  shoal:pools:
    - {name: spot, vmSize: standard_d2s_v3, image: ubuntu-24.04, taskSlotsPerNode: 4, spotNodes: 2}
"""


def deploy(status: Status, directory: Path) -> Environment:
    """The project's own program in a directory of its own, with a pool of two nodes and a package called `tool`."""
    for name in ("Pulumi.yaml", "__main__.py"):
        shutil.copy(REPOSITORY / name, directory / name)
    (directory / "Pulumi.local.yaml").write_text(STACK)
    (directory / "tool").mkdir()
    (directory / "tool" / "greeting.txt").write_text("from the package\n")
    shoal(status, directory, "up", "-y").check_returncode()
    return from_json(json.loads(shoal(status, directory, "outputs", "--json").stdout))


def shoal(status: Status, directory: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The command, in a directory, with the state of a running service."""
    return subprocess.run(
        [sys.executable, "-m", "shoal", *words],
        cwd=directory,
        env=environment_variables(status),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        stdin=subprocess.DEVNULL,
    )


def environment_variables(status: Status) -> dict[str, str]:
    """Return variables for a command that uses a running service."""
    return {**os.environ, "SHOAL_STATE": status.state_dir}


@contextmanager
def services_on(status: Status, *, nodes: int = 2, slots: int = 4) -> Iterator[Services]:
    with services_by_keys_of(status, f"pool-{uuid.uuid4().hex[:8]}", slots) as services:
        for container in ("inputs", "outputs", "logs"):
            if not services.blobs.get_container_client(container).exists():
                services.blobs.create_container(container)
        pool = services.environment.pools["spot"]
        services.batch.create_pool(
            models.BatchPoolCreateOptions(
                id=pool.id,
                vm_size=pool.vm_size,
                target_low_priority_nodes=nodes,
                task_slots_per_node=pool.task_slots_per_node,
            )
        )
        yield services


@contextmanager
def services_by_keys_of(status: Status, pool: str, slots: int) -> Iterator[Services]:
    services = services_by_keys(
        environment_of(status, pool, slots), batch_key=status.key, storage_key=status.storage_key
    )
    with services.batch, services.blobs:
        yield services


def environment_of(status: Status, pool: str, slots: int) -> Environment:
    return Environment(
        project="tests",
        stack="local",
        subscription_id="00000000-0000-0000-0000-000000000000",
        resource_group="tests",
        location="westeurope",
        arm_endpoint=status.arm_endpoint,
        batch_account=status.account,
        batch_endpoint=status.batch_endpoint,
        storage_account=status.storage_account,
        storage_resource_group="tests",
        blob_endpoint=status.blob_endpoint,
        authentication=Authentication.SHARED_KEY,
        containers=Containers(inputs="inputs", outputs="outputs", logs="logs"),
        node_identity=None,
        pools={"spot": Pool(id=pool, vm_size="standard_d2s_v3", task_slots_per_node=slots)},
        packages={},
    )


def wait_for_job(services: Services, job_id: str) -> None:
    wait_until(lambda: services.batch.get_job(job_id).state == models.BatchJobState.COMPLETED)
