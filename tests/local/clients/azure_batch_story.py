"""A pool, a job and its tasks by azure-batch before version 15, from beginning to end: ENDPOINT ACCOUNT KEY.

Runs in a virtual environment of its own, with the version of the client that is tried.
"""

# mypy: ignore-errors
# The client that mypy knows here is a later one, with other names.

import datetime
import io
import sys
import time

from azure.batch import BatchServiceClient, models
from azure.batch.batch_auth import SharedKeyCredentials
from azure.batch.models import BatchErrorException

ENVIRONMENT = {"node_agent_sku_id": "batch.node.ubuntu 22.04"}
IMAGE = {"publisher": "canonical", "offer": "0001-com-ubuntu-server-jammy", "sku": "22_04-lts", "version": "latest"}


def main(endpoint: str, account: str, key: str) -> None:
    client = BatchServiceClient(SharedKeyCredentials(account, key), batch_url=endpoint)
    machine = models.VirtualMachineConfiguration(image_reference=models.ImageReference(**IMAGE), **ENVIRONMENT)
    client.pool.add(
        models.PoolAddParameter(
            id="pool", vm_size="standard_d2s_v3", virtual_machine_configuration=machine, target_dedicated_nodes=1
        )
    )
    client.job.add(models.JobAddParameter(id="job", pool_info=models.PoolInformation(pool_id="pool")))
    tasks = [
        models.TaskAddParameter(id=f"t{number}", command_line=f"/bin/sh -c 'echo {number} > out.txt; echo said'")
        for number in range(3)
    ]
    added = client.task.add_collection("job", tasks)
    assert [result.status for result in added.value] == ["success"] * 3, added.value
    wait(lambda: all(task.state == "completed" for task in client.task.list("job")))
    for number in range(3):
        task = client.task.get("job", f"t{number}")
        assert (task.execution_info.exit_code, task.execution_info.result) == (0, "success")
        names = {file.name for file in client.file.list_from_task("job", task.id, recursive=True)}
        assert {"stdout.txt", "stderr.txt", "wd/out.txt"} <= names, names
        assert content(client.file.get_from_task("job", task.id, "wd/out.txt")) == f"{number}\n".encode()
        assert content(client.file.get_from_task("job", task.id, "stdout.txt")) == b"said\n"
    (node,) = client.compute_node.list("pool")
    assert node.state == "idle", node.state
    assert client.job.get_task_counts("job").task_counts.succeeded == 3
    client.task.delete("job", "t0")
    client.job.terminate("job")
    wait(lambda: client.job.get("job").state == "completed")
    client.job.delete("job")
    client.pool.resize("pool", models.PoolResizeParameter(target_dedicated_nodes=0))
    client.pool.delete("pool")
    wait(lambda: is_gone(lambda: client.pool.get("pool")))
    wait(lambda: is_gone(lambda: client.job.get("job")))


def content(stream) -> bytes:
    whole = io.BytesIO()
    for part in stream:
        whole.write(part)
    return whole.getvalue()


def is_gone(get) -> bool:
    try:
        get()
    except BatchErrorException as exc:
        return exc.error.code in ("PoolNotFound", "JobNotFound")
    return False


def wait(reached) -> None:
    end = datetime.datetime.now() + datetime.timedelta(seconds=60)
    while not reached():
        assert datetime.datetime.now() < end, "not reached within a minute"
        time.sleep(0.1)


if __name__ == "__main__":
    main(*sys.argv[1:])
