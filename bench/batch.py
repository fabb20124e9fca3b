"""Batch resources for the measurements: a fixed pool and a job."""

import time

from azure.batch import BatchClient, models

IMAGE = models.BatchVmImageReference(publisher="canonical", offer="ubuntu-24_04-lts", sku="server", version="latest")
MACHINE = models.VirtualMachineConfiguration(image_reference=IMAGE, node_agent_sku_id="batch.node.ubuntu 24.04")


def create_pool(client: BatchClient, *, nodes: int, slots: int, simulation: str | None = None) -> str:
    """Add a pool, simulated if a simulation is given, and wait until all of its nodes are idle."""
    pool = models.BatchPoolCreateOptions(id="bench", vm_size="standard_d2s_v3", virtual_machine_configuration=MACHINE)
    pool.target_dedicated_nodes, pool.task_slots_per_node = nodes, slots
    if simulation is not None:
        pool.metadata = [models.BatchMetadataItem(name="shoal:simulate", value=simulation)]
    client.create_pool(pool)
    deadline = time.monotonic() + 60
    while sum(node.state == models.BatchNodeState.IDLE for node in client.list_nodes("bench")) < nodes:
        if time.monotonic() > deadline:
            raise TimeoutError(f"the pool's {nodes} nodes were not idle after a minute")
        time.sleep(0.05)
    return "bench"


def create_job(client: BatchClient, job: str, *, pool: str) -> str:
    client.create_job(models.BatchJobCreateOptions(id=job, pool_info=models.BatchPoolInfo(pool_id=pool)))
    return job
