"""Measure tasks that bring and leave files, beside storage's own limit for the same requests.

A task has a package of 10 MB, which its node has unpacked before, and an input of 1 kB; it leaves an output of 1 kB and
two logs. That is one request that reads and three that write.
"""

import io
import os
import time
import zipfile
from collections.abc import Iterator
from functools import partial

from azure.batch import BatchClient, models
from azure.storage.blob import BlobClient
from batch import MACHINE
from measurement import Measurement, repeated
from places import MEMORY, files_in
from service import Service, service
from storage import Container, RawConnection, published_azurite

from shoal.arm import ArmClient

TASKS = 1_500
PAIRS = 3
NODES, SLOTS = 2, 4
PACKAGE_BYTES = 10_000_000
KILOBYTE = b"x" * 999 + b"\n"
API_VERSION = "2024-07-01"
SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"


def measure(scale: float) -> Iterator[Measurement]:
    count = max(40, round(TASKS * scale))
    yield from _beside_storage("run tasks with files", count)
    if MEMORY.is_dir():
        with files_in(MEMORY):
            yield from _beside_storage("run tasks with files, in memory", count)


def _beside_storage(name: str, count: int) -> Iterator[Measurement]:
    with service() as batch, batch.client() as client, published_azurite(batch) as published:
        container, azurite = _with_input(Container(batch, "files")), _with_input(Container(published, "files"))
        _publish(batch)
        _create_pool(client)
        _tasks_per_second(client, container, "warm", count)
        _limit(azurite, "warm", count)
        rounds = [
            (
                _tasks_per_second(client, container, f"j{n}", count),
                _limit(azurite, f"raw{n}", count),
                _limit(container, f"raw{n}", count),
            )
            for n in range(PAIRS)
        ]
    ours, of_azurite, of_storage = ([figures[place] for figures in rounds] for place in range(3))
    yield repeated(name, "tasks/s", ours, "Azurite alone", of_azurite)
    yield repeated(f"{name} / raw requests", "tasks/s", ours, "raw requests", of_storage)


def _with_input(container: Container) -> Container:
    with BlobClient.from_blob_url(f"{container.url}/input?{container.signature}") as blob:
        blob.upload_blob(KILOBYTE)
    return container


def _tasks_per_second(client: BatchClient, container: Container, job: str, count: int) -> float:
    """Return tasks per second from the first request that adds tasks to the last task's end."""
    client.create_job(models.BatchJobCreateOptions(id=job, pool_info=models.BatchPoolInfo(pool_id="bench")))
    tasks = [_task(container, job, number) for number in range(count)]
    began = time.perf_counter()
    client.create_tasks(job, tasks, max_concurrency=4)
    deadline = time.monotonic() + 300
    while (counts := client.get_job_task_counts(job).task_counts).completed < count:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{counts.completed} of {count} tasks with files ran in five minutes")
        time.sleep(0.05)
    seconds = time.perf_counter() - began
    if counts.failed:
        raise RuntimeError(f"{counts.failed} of {count} tasks with files failed")
    return count / seconds


def _limit(container: Container, folder: str, count: int) -> float:
    """Return tasks per second if storage had nothing to do but their requests, from as many connections."""
    read = container.path("input")

    def transfer(connection: RawConnection, number: int) -> None:
        connection.get(read)
        for name in ("out.txt", "stdout.txt", "stderr.txt"):
            connection.put(container.path(f"{folder}/{number}/{name}"), KILOBYTE if name == "out.txt" else b"")

    began = time.perf_counter()
    container.each(range(count), transfer, connections=NODES * SLOTS)
    return count / (time.perf_counter() - began)


def _task(container: Container, job: str, number: int) -> models.BatchTaskCreateOptions:
    output = partial(_output, container, f"{job}/{number}")
    return models.BatchTaskCreateOptions(
        {
            "id": f"task-{number:07}",
            "commandLine": "cp in.txt out.txt",
            "resourceFiles": [{"httpUrl": f"{container.url}/input?{container.signature}", "filePath": "in.txt"}],
            "outputFiles": [output("out.txt"), output("../std*.txt")],
            "applicationPackageReferences": [{"applicationId": "tool", "version": "1"}],
        }
    )


def _output(container: Container, folder: str, pattern: str) -> dict[str, object]:
    path = f"{folder}/{pattern}" if pattern == "out.txt" else folder
    return {
        "filePattern": pattern,
        "destination": {"container": {"containerUrl": container.signed_url, "path": path}},
        "uploadOptions": {"uploadCondition": "taskcompletion"},
    }


def _create_pool(client: BatchClient) -> None:
    pool = models.BatchPoolCreateOptions(id="bench", vm_size="standard_d2s_v3", virtual_machine_configuration=MACHINE)
    pool.target_dedicated_nodes, pool.task_slots_per_node = NODES, SLOTS
    client.create_pool(pool)


def _publish(batch: Service) -> None:
    """Upload and activate the package, of bytes that cannot be packed any smaller."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as content:
        content.writestr("data", os.urandom(PACKAGE_BYTES))
    arm = ArmClient(batch.status)
    path = (
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shoal/providers/Microsoft.Batch/batchAccounts/{batch.account}"
        "/applications/tool"
    )
    arm.put(path, API_VERSION, {})
    version = arm.put(f"{path}/versions/1", API_VERSION, {})
    with BlobClient.from_blob_url(version["properties"]["storageUrl"]) as blob:
        blob.upload_blob(archive.getvalue(), overwrite=True)
    arm.post(f"{path}/versions/1/activate", API_VERSION, {"format": "zip"})
