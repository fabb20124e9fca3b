"""Pools, jobs and tasks for tests, made and read through the official client. Properties beyond the usual ones are
given by their names on the wire."""

from typing import Any

from azure.batch import BatchClient, models
from azure.core.exceptions import HttpResponseError

from tests.waiting import wait_until

VM_SIZE = "standard_d2s_v3"


def make_pool(client: BatchClient, pool_id: str, *, nodes: int = 1, **properties: Any) -> None:
    """Make a pool of dedicated nodes, which come up while the test goes on."""
    body = {"id": pool_id, "vmSize": VM_SIZE, "targetDedicatedNodes": nodes, **properties}
    client.create_pool(models.BatchPoolCreateOptions(body))


def wait_for_nodes(client: BatchClient, pool_id: str, *, nodes: int, state: str = "idle") -> list[models.BatchNode]:
    def found() -> list[models.BatchNode]:
        seen = [node for node in client.list_nodes(pool_id) if node.state == state]
        return seen if len(seen) == nodes else []

    return wait_until(found)


def make_job(client: BatchClient, job_id: str, pool_id: str, **properties: Any) -> None:
    client.create_job(models.BatchJobCreateOptions({"id": job_id, "poolInfo": {"poolId": pool_id}, **properties}))


def task(task_id: str, command_line: str, **properties: Any) -> models.BatchTaskCreateOptions:
    return models.BatchTaskCreateOptions({"id": task_id, "commandLine": command_line, **properties})


def sh(script: str) -> str:
    """A command line that runs a script without single quotes."""
    return f"/bin/sh -c '{script}'"


def wait_for_state(client: BatchClient, job_id: str, task_id: str, state: str) -> models.BatchTask:
    def found() -> models.BatchTask | None:
        seen = client.get_task(job_id, task_id)
        return seen if seen.state == state else None

    reached = wait_until(found)
    assert reached is not None
    return reached


def completed(client: BatchClient, job_id: str, task_id: str) -> models.BatchTask:
    return wait_for_state(client, job_id, task_id, "completed")


def run(client: BatchClient, job_id: str, added: models.BatchTaskCreateOptions) -> models.BatchTask:
    """Add a task and wait until it has completed."""
    client.create_task(job_id, added)
    return completed(client, job_id, added.id)


def execution(done: models.BatchTask) -> models.BatchTaskExecutionInfo:
    assert done.execution_info is not None
    return done.execution_info


def failure_code(done: models.BatchTask) -> str | None:
    """The code of its failureInfo, or None where it has none."""
    info = execution(done).failure_info
    return None if info is None else info.code


def error_code(refusal: HttpResponseError) -> str:
    """Batch's own; the client keeps its error where azure-core has another kind."""
    return str(getattr(refusal.error, "code", None))


def read(client: BatchClient, job_id: str, task_id: str, path: str = "stdout.txt") -> bytes:
    return b"".join(client.download_task_file(job_id, task_id, path))


def counts(client: BatchClient, job_id: str) -> models.BatchTaskCounts:
    return client.get_job_task_counts(job_id).task_counts


def wait_for_completed(client: BatchClient, job_id: str, number: int) -> None:
    wait_until(lambda: counts(client, job_id).completed == number)
