from azure.batch import BatchClient, models

from tests.waiting import wait_until


def test_tasks_run_as_processes_and_their_output_is_read_back(client: BatchClient, name: str) -> None:
    client.create_pool(
        models.BatchPoolCreateOptions(
            id=name, vm_size="STANDARD_D2S_V3", target_low_priority_nodes=2, task_slots_per_node=2
        )
    )
    client.create_job(models.BatchJobCreateOptions(id=name, pool_info=models.BatchPoolInfo(pool_id=name)))
    client.create_tasks(name, [models.BatchTaskCreateOptions(id=f"t{i}", command_line=f"echo {i}") for i in range(20)])

    def counts() -> models.BatchTaskCounts:
        return client.get_job_task_counts(name).task_counts

    wait_until(lambda: counts().completed == 20)
    assert counts().succeeded == 20
    for i in range(20):
        assert b"".join(client.download_task_file(name, f"t{i}", "stdout.txt")) == f"{i}\n".encode()
