"""The calls of Azure Custom Tasks (ACT) with every setting in use: ENDPOINT ACCOUNT KEY STORAGE_CONNECTION_STRING.

Source: github.com/MeirellesLab/AzureCustomTasks, src/azure_custom_tasks.py and its examples, read in November 2026. It
reaches blobs over HTTPS only, by container addresses with the signature of an account.
"""

# mypy: ignore-errors
# The client that mypy knows here is a later one, with other names.

import sys
import time
from datetime import UTC, datetime, timedelta

from azure.batch import BatchServiceClient, models
from azure.batch.batch_auth import SharedKeyCredentials
from azure.storage.blob import (
    AccountSasPermissions,
    BlobServiceClient,
    ContainerClient,
    ResourceTypes,
    generate_account_sas,
)

CONTAINER, POOL, JOB = "mydata", "PoolSimpleBatch", "MyJobSimpleBatch"
SCRIPT = "scripts/my_script.sh"
INPUTS = {"inputs/one.txt": "First input.\n", "inputs/three.txt": "Third input, the largest.\n"}


def main(endpoint: str, account: str, key: str, connection_string: str) -> None:
    storage = BlobServiceClient.from_connection_string(connection_string)
    container = prepare(storage)
    client = BatchServiceClient(credentials=SharedKeyCredentials(account, key), batch_url=endpoint)
    assert POOL not in [pool.id for pool in client.pool.list()]
    client.pool.add(pool(storage.account_name, container))
    assert JOB not in [job.id for job in client.job.list()]
    client.job.add(models.JobAddParameter(id=JOB, pool_info=models.PoolInformation(pool_id=POOL)))
    disable_and_enable(client)
    add_tasks(client, container)
    wait_for_tasks(client, completed=3)
    assert counts(client) == (3, 2, 1)
    check_logs(container)
    reactivate_failed_tasks(client, container)
    delete_inputs(container)
    delete_everything(client)


def prepare(storage: BlobServiceClient) -> str:
    """Upload scripts and inputs as a user does beforehand, and return the container's address with a signature."""
    blobs = storage.create_container(CONTAINER)
    for name, text in (INPUTS | {SCRIPT: "#!/usr/bin/env bash\ncat $1\n"}).items():
        blobs.upload_blob(name, text)
    signature = generate_account_sas(
        storage.account_name,
        storage.credential.account_key,
        resource_types=ResourceTypes(service=True, container=True, object=True),
        permission=AccountSasPermissions(read=True, write=True, delete=True, list=True, add=True, create=True),
        expiry=datetime.now(UTC) + timedelta(hours=2),
        protocol="https",
    )
    assert blobs.url.startswith("https://")
    return f"{blobs.url}?{signature}"


def pool(storage_account: str, container: str) -> models.PoolAddParameter:
    """Return a pool with all that a configuration may ask for; the sizes are null where a formula sets them."""
    mount = models.AzureBlobFileSystemConfiguration(
        account_name=storage_account,
        sas_key=container.partition("?")[2],
        container_name=CONTAINER,
        relative_mount_path=CONTAINER,
        blobfuse_options="-o auto_cache -o allow_other",
    )
    return models.PoolAddParameter(
        id=POOL,
        vm_size="Standard_F16s_v2",
        target_dedicated_nodes=None,
        target_low_priority_nodes=None,
        task_slots_per_node=2,
        virtual_machine_configuration=machine(),
        enable_auto_scale=True,
        auto_scale_formula=";".join(["$TargetDedicatedNodes = 1", "$NodeDeallocationOption = taskcompletion"]),
        auto_scale_evaluation_interval=timedelta(minutes=5),
        mount_configuration=[models.MountConfiguration(azure_blob_file_system_configuration=mount)],
        application_package_references=[],
        start_task=models.StartTask(
            command_line='/bin/bash -c "echo started"',
            wait_for_success=True,
            user_identity=models.UserIdentity(
                auto_user=models.AutoUserSpecification(scope="pool", elevation_level="admin")
            ),
        ),
    )


def machine() -> models.VirtualMachineConfiguration:
    image = models.ImageReference(
        publisher="canonical", offer="0001-com-ubuntu-server-focal", sku="20_04-lts", version="latest"
    )
    disk = models.DiffDiskSettings(placement=models.DiffDiskPlacement.cache_disk)
    return models.VirtualMachineConfiguration(
        image_reference=image,
        node_agent_sku_id="batch.node.ubuntu 20.04",
        os_disk=models.OSDisk(ephemeral_os_disk_settings=disk),
    )


def disable_and_enable(client: BatchServiceClient) -> None:
    client.job.disable(job_id=JOB, disable_tasks=models.DisableJobOption.requeue)
    client.job.enable(job_id=JOB)


def add_tasks(client: BatchServiceClient, container: str) -> None:
    """Add a task for each input, the largest first, and one that fails; numbers go on from those that are there."""
    blobs = ContainerClient.from_container_url(container_url=container)
    listed = sorted(blobs.list_blobs(name_starts_with="inputs/"), key=lambda blob: blob.size, reverse=True)
    assert [blob.name for blob in listed] == ["inputs/three.txt", "inputs/one.txt"]
    assert list(client.task.list(job_id=JOB)) == []
    first = sum(counts(client)) + 1
    names = [*(blob.name for blob in listed), "inputs/missing.txt"]
    added = client.task.add_collection(
        JOB, [task(f"Task{number}", name, container) for number, name in enumerate(names, start=first)]
    )
    assert [each.status for each in added.value] == [models.TaskAddStatus.success] * 3


def task(task_id: str, name: str, container: str) -> models.TaskAddParameter:
    fetched = [models.ResourceFile(blob_prefix=prefix, storage_container_url=container) for prefix in (SCRIPT, name)]
    destination = models.OutputFileBlobContainerDestination(container_url=container, path=f"logs/simplebatch/{task_id}")
    logs = models.OutputFile(
        file_pattern="../std*",
        destination=models.OutputFileDestination(container=destination),
        upload_options=models.OutputFileUploadOptions(
            upload_condition=models.OutputFileUploadCondition.task_completion
        ),
    )
    return models.TaskAddParameter(
        id=task_id,
        command_line=f"bash -c \"bash {SCRIPT}  '{name}' \"",
        required_slots=2 if name == "inputs/three.txt" else 1,
        constraints=models.TaskConstraints(retention_time=timedelta(minutes=1000), max_task_retry_count=0),
        resource_files=fetched,
        output_files=[logs],
    )


def counts(client: BatchServiceClient) -> tuple[int, int, int]:
    counted = client.job.get_task_counts(job_id=JOB).task_counts
    return counted.active + counted.running + counted.completed, counted.succeeded, counted.failed


def wait_for_tasks(client: BatchServiceClient, completed: int) -> None:
    end = datetime.now() + timedelta(minutes=1)
    while client.job.get_task_counts(job_id=JOB).task_counts.completed < completed:
        assert datetime.now() < end, "tasks did not complete within a minute"
        time.sleep(0.2)


def check_logs(container: str) -> None:
    blobs = ContainerClient.from_container_url(container_url=container)
    texts = {blob.name: blobs.download_blob(blob.name).readall().decode() for blob in blobs.list_blobs("logs/")}
    assert texts["logs/simplebatch/Task1/stdout.txt"] == "Third input, the largest.\n"
    assert texts["logs/simplebatch/Task2/stdout.txt"] == "First input.\n"
    assert "No such file" in texts["logs/simplebatch/Task3/stderr.txt"]


def reactivate_failed_tasks(client: BatchServiceClient, container: str) -> None:
    """Run those that failed once more, after what they lacked is there."""
    ContainerClient.from_container_url(container_url=container).upload_blob("inputs/missing.txt", "Late input.\n")
    failed = models.TaskListOptions(filter="executionInfo/exitCode ne 0")
    ids = [each.id for each in client.task.list(job_id=JOB, task_list_options=failed)]
    assert ids == ["Task3"]
    client.task.reactivate(job_id=JOB, task_id="Task3")
    wait_for_tasks(client, completed=3)
    assert counts(client) == (3, 3, 0)


def delete_inputs(container: str) -> None:
    blobs = ContainerClient.from_container_url(container_url=container)
    for blob in blobs.list_blobs(name_starts_with="inputs/"):
        blobs.delete_blob(blob, delete_snapshots="include")
    assert list(blobs.list_blobs(name_starts_with="inputs/")) == []


def delete_everything(client: BatchServiceClient) -> None:
    for job in client.job.list():
        client.job.delete(job.id)
    for each in client.pool.list():
        client.pool.delete(each.id)
    end = datetime.now() + timedelta(minutes=1)
    while list(client.job.list()) or list(client.pool.list()):
        assert datetime.now() < end, "the job and the pool were not deleted within a minute"
        time.sleep(0.2)


if __name__ == "__main__":
    main(*sys.argv[1:])
