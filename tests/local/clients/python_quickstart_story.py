"""The calls of Azure's quickstart for Python, batch-python-quickstart: ENDPOINT ACCOUNT KEY STORAGE_CONNECTION_STRING.

Source: github.com/Azure-Samples/batch-python-quickstart, src/python_quickstart_client.py, read in November 2026. Files
are uploaded, each task prints one of them, and what it printed is read.
"""

# mypy: ignore-errors
# The client that mypy knows here is a later one, with other names.

import sys
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from azure.batch import BatchServiceClient
from azure.batch.batch_auth import SharedKeyCredentials
from azure.batch.models import (
    ImageReference,
    JobAddParameter,
    PoolAddParameter,
    PoolInformation,
    ResourceFile,
    TaskAddParameter,
    TaskState,
    VirtualMachineConfiguration,
)
from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import BlobSasPermissions, BlobServiceClient, generate_blob_sas

CONTAINER, POOL, JOB = "input", "PythonQuickstartPool", "PythonQuickstartJob"
TEXTS = {f"taskdata{number}.txt": f"Text of file {number}.\n" for number in range(3)}


def main(endpoint: str, account: str, key: str, connection_string: str) -> None:
    blobs = BlobServiceClient.from_connection_string(connection_string)
    make_container(blobs)
    make_container(blobs)
    inputs = [uploaded(blobs, name, text) for name, text in TEXTS.items()]
    client = BatchServiceClient(SharedKeyCredentials(account, key), batch_url=endpoint)
    image = ImageReference(publisher="Canonical", offer="UbuntuServer", sku="18.04-LTS", version="latest")
    machine = VirtualMachineConfiguration(image_reference=image, node_agent_sku_id="batch.node.ubuntu 18.04")
    client.pool.add(
        PoolAddParameter(
            id=POOL, virtual_machine_configuration=machine, vm_size="STANDARD_A1_v2", target_dedicated_nodes=2
        )
    )
    client.job.add(JobAddParameter(id=JOB, pool_info=PoolInformation(pool_id=POOL)))
    tasks = [
        TaskAddParameter(id=f"Task{number}", command_line=f'/bin/bash -c "cat {file.file_path}"', resource_files=[file])
        for number, file in enumerate(inputs)
    ]
    client.task.add_collection(JOB, tasks)
    wait_for_tasks(client)
    assert printed(client) == {f"Task{number}": text for number, text in enumerate(TEXTS.values())}
    blobs.delete_container(CONTAINER)
    client.job.delete(JOB)
    client.pool.delete(POOL)


def make_container(blobs: BlobServiceClient) -> None:
    with suppress(ResourceExistsError):
        blobs.create_container(CONTAINER)


def uploaded(blobs: BlobServiceClient, name: str, text: str) -> ResourceFile:
    blob = blobs.get_blob_client(CONTAINER, name)
    blob.upload_blob(text, overwrite=True)
    signature = generate_blob_sas(
        blob.account_name,
        CONTAINER,
        name,
        account_key=blobs.credential.account_key,
        permission=BlobSasPermissions(read=True),
        expiry=datetime.now(UTC) + timedelta(hours=2),
    )
    return ResourceFile(http_url=f"{blob.url}?{signature}", file_path=name)


def wait_for_tasks(client: BatchServiceClient) -> None:
    end = datetime.now() + timedelta(minutes=1)
    while any(task.state != TaskState.completed for task in client.task.list(JOB)):
        assert datetime.now() < end, "tasks did not complete within a minute"
        time.sleep(0.2)


def printed(client: BatchServiceClient) -> dict[str, str]:
    texts = {}
    for task in client.task.list(JOB):
        assert client.task.get(JOB, task.id).node_info.node_id
        stream = client.file.get_from_task(JOB, task.id, "stdout.txt")
        texts[task.id] = b"".join(stream).decode()
    return texts


if __name__ == "__main__":
    main(*sys.argv[1:])
