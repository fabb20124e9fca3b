"""A pool, a job and its tasks by the asynchronous client of azure-batch 15: ENDPOINT ACCOUNT KEY.

Runs in a virtual environment of its own, with the transport that the client needs.
"""

# mypy: ignore-errors
# Like the stories of other clients, it is not part of the program that mypy checks.

import asyncio
import sys
from datetime import datetime, timedelta

from azure.batch import models
from azure.batch.aio import BatchClient
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import ResourceNotFoundError

MACHINE = models.VirtualMachineConfiguration(
    image_reference=models.BatchVmImageReference(
        publisher="canonical", offer="0001-com-ubuntu-server-jammy", sku="22_04-lts", version="latest"
    ),
    node_agent_sku_id="batch.node.ubuntu 22.04",
)
NUMBERS = range(250)
"""More than one request of the client holds."""


async def main(endpoint: str, account: str, key: str) -> None:
    async with BatchClient(endpoint, AzureNamedKeyCredential(account, key)) as client:
        await client.create_pool(
            models.BatchPoolCreateOptions(
                id="pool",
                vm_size="standard_d2s_v3",
                virtual_machine_configuration=MACHINE,
                target_dedicated_nodes=1,
                task_slots_per_node=4,
            )
        )
        await client.create_job(models.BatchJobCreateOptions(id="job", pool_info=models.BatchPoolInfo(pool_id="pool")))
        tasks = [
            models.BatchTaskCreateOptions(id=f"t{number}", command_line=f"/bin/echo {number}") for number in NUMBERS
        ]
        added = await client.create_tasks("job", tasks)
        assert [result.status.lower() for result in added.result_values] == ["success"] * len(NUMBERS)
        await reached(lambda: succeeded(client))
        listed = [task async for task in client.list_tasks("job", max_results=100)]
        assert {task.state for task in listed} == {"completed"}
        assert len(listed) == len(NUMBERS)
        texts = await asyncio.gather(*(printed(client, number) for number in NUMBERS[:20]))
        assert texts == [f"{number}\n" for number in NUMBERS[:20]]
        poller = await client.begin_resize_pool(
            "pool", models.BatchPoolResizeOptions(target_dedicated_nodes=0), polling_interval=1
        )
        await poller.result()
        assert (await client.get_pool("pool")).current_dedicated_nodes == 0
        for begin, name in ((client.begin_delete_job, "job"), (client.begin_delete_pool, "pool")):
            await (await begin(name, polling_interval=1)).result()
        await reached(lambda: is_gone(client.get_pool("pool")))
        await reached(lambda: is_gone(client.get_job("job")))


async def succeeded(client: BatchClient) -> bool:
    counts = await client.get_job_task_counts("job")
    return counts.task_counts.succeeded == len(NUMBERS)


async def printed(client: BatchClient, number: int) -> str:
    stream = await client.download_task_file("job", f"t{number}", "stdout.txt")
    return b"".join([part async for part in stream]).decode()


async def is_gone(reading) -> bool:
    try:
        await reading
    except ResourceNotFoundError:
        return True
    return False


async def reached(look) -> None:
    end = datetime.now() + timedelta(minutes=1)
    while not await look():
        assert datetime.now() < end, "not reached within a minute"
        await asyncio.sleep(0.1)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
