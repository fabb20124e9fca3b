"""Run 1,000 tasks on the embedded service with Azure's own, unmodified client, and read each task's stdout."""

import os
import time

from azure.batch import BatchClient, models
from azure.core.credentials import AzureNamedKeyCredential

key = AzureNamedKeyCredential(os.environ["AZURE_BATCH_ACCOUNT"], os.environ["AZURE_BATCH_ACCESS_KEY"])
client = BatchClient(os.environ["AZURE_BATCH_ENDPOINT"], key)
name = f"client-{int(time.time())}"
image = models.BatchVmImageReference(publisher="canonical", offer="ubuntu-24_04-lts", sku="server", version="latest")
machine = models.VirtualMachineConfiguration(image_reference=image, node_agent_sku_id="batch.node.ubuntu 24.04")
pool = models.BatchPoolCreateOptions(id=name, vm_size="standard_d2s_v3", virtual_machine_configuration=machine)
pool.target_dedicated_nodes, pool.task_slots_per_node = 2, 4
client.create_pool(pool)
client.create_job(models.BatchJobCreateOptions(id=name, pool_info=models.BatchPoolInfo(pool_id=name)))
tasks = [models.BatchTaskCreateOptions(id=f"task-{n}", command_line=f"echo hello {n}") for n in range(1_000)]
client.create_tasks(name, tasks, max_concurrency=4)
while client.get_job_task_counts(name).task_counts.completed < len(tasks):
    time.sleep(0.2)
outputs = [b"".join(client.download_task_file(name, task.id, "stdout.txt")).decode().strip() for task in tasks]
assert outputs == [f"hello {n}" for n in range(1_000)], "a task has the stdout of another"
client.begin_delete_job(name, polling_interval=1).result()
client.begin_delete_pool(name, polling_interval=1).result()
print(f"{len(outputs)} tasks ran; the last one printed: {outputs[-1]}")
