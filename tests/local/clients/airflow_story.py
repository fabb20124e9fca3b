"""Jobs by the operator, the hook and the trigger of Airflow's provider for Azure: ENDPOINT ACCOUNT KEY.

There is no scheduler. Runs in a virtual environment of its own, where Airflow is.
"""

# mypy: ignore-errors
# Airflow is not installed where mypy runs.

import asyncio
import json
import os
import sys


def main(endpoint: str, account: str, key: str) -> None:
    connection = {"conn_type": "azure_batch", "login": account, "password": key, "extra": {"account_url": endpoint}}
    # Read when Airflow looks the connection up.
    os.environ["AIRFLOW_CONN_AZURE_BATCH_DEFAULT"] = json.dumps(connection)
    from airflow.providers.microsoft.azure.hooks.batch import AzureBatchHook

    client = AzureBatchHook().connection
    run_to_the_end(client)
    run_with_the_latest_image(client)
    fail_by_the_task(client)
    defer(client)


def operator(name: str, command: str = "/bin/sh -c 'cat prepared'", **options):
    from airflow.providers.microsoft.azure.operators.batch import AzureBatchOperator

    return AzureBatchOperator(
        task_id=name,
        batch_pool_id=f"{name}-pool",
        batch_pool_vm_size="standard_d2s_v3",
        batch_job_id=f"{name}-job",
        batch_task_id="task",
        batch_task_command_line=command,
        vm_publisher="canonical",
        vm_offer="0001-com-ubuntu-server-jammy",
        vm_sku="22_04-lts",
        vm_version="latest",
        vm_node_agent_sku_id="batch.node.ubuntu 22.04",
        target_dedicated_nodes=1,
        timeout=2,
        **options,
    )


def run_to_the_end(client) -> None:
    from azure.batch import models

    shared = "$AZ_BATCH_NODE_SHARED_DIR/prepared"
    run = operator(
        "plain",
        f"/bin/sh -c 'cat {shared}'",
        batch_start_task=models.BatchStartTask(command_line="/bin/true", wait_for_success=True),
        batch_job_preparation_task=models.BatchJobPreparationTask(command_line=f"/bin/sh -c 'echo ready > {shared}'"),
        batch_job_release_task=models.BatchJobReleaseTask(command_line="/bin/true"),
        batch_job_manager_task=models.BatchJobManagerTask(
            id="manager", command_line="/bin/true", kill_job_on_completion=False
        ),
        batch_task_user_identity=models.UserIdentity(
            auto_user=models.AutoUserSpecification(scope="pool", elevation_level="admin")
        ),
    )
    run.execute({})
    assert client.get_task("plain-job", "task").execution_info.exit_code == 0
    assert b"".join(client.download_task_file("plain-job", "task", "stdout.txt")) == b"ready\n"
    # A second run finds the pool and the job, as a repeated DAG does.
    run.batch_task_id = "again"
    run.should_delete_job = True
    run.execute({})
    assert "plain-job" not in [job.id for job in client.list_jobs() if job.state == "active"]
    run.clean_up(pool_id="plain-pool")
    assert "plain-pool" not in [pool.id for pool in client.list_pools()]


def run_with_the_latest_image(client) -> None:
    run = operator("latest", "/bin/true", use_latest_verified_vm_image_and_sku=True, sku_starts_with="22_04")
    run.execute({})
    machine = client.get_pool("latest-pool").virtual_machine_configuration
    assert machine.image_reference.sku.startswith("22_04")


def fail_by_the_task(client) -> None:
    failure = ""
    try:
        operator("failing", "/bin/false").execute({})
    except RuntimeError as exc:
        failure = str(exc)
    assert "failed task" in failure, failure


def defer(client) -> None:
    from airflow.providers.common.compat.sdk import TaskDeferred

    run = operator("deferred", "/bin/true", deferrable=True, poll_interval=1)
    try:
        run.execute({})
    except TaskDeferred as deferred:
        event = asyncio.run(first_event(deferred.trigger))
    run.execute_complete({}, event.payload)
    assert event.payload["status"] == "success", event.payload


async def first_event(trigger):
    return await anext(aiter(trigger.run()))


if __name__ == "__main__":
    main(*sys.argv[1:])
