"""Recovery after processes are killed: the service, an agent, the storage beside it."""

import os
import signal
from pathlib import Path

import pytest
from azure.batch import BatchClient, models
from azure.storage.blob import BlobServiceClient
from click.testing import CliRunner

from shoal.cli.local import local
from shoal.service_status import Status
from tests.processes import processes_naming
from tests.services import batch_client, running_service, start_service, stop_service
from tests.waiting import wait_until

TASKS = 60


def add_pool(client: BatchClient, *, nodes: int = 2, slots: int = 4) -> None:
    options = models.BatchPoolCreateOptions(
        id="pool", vm_size="standard_d2s_v3", target_dedicated_nodes=nodes, task_slots_per_node=slots
    )
    client.create_pool(options)


def add_job(client: BatchClient, tasks: list[models.BatchTaskCreateOptions]) -> None:
    client.create_job(models.BatchJobCreateOptions(id="job", pool_info=models.BatchPoolInfo(pool_id="pool")))
    client.create_tasks("job", tasks)


def counts(client: BatchClient) -> models.BatchTaskCounts:
    return client.get_job_task_counts("job").task_counts


def agents(status: Status) -> list[int]:
    return [pid for pid in processes_naming("shoal.local.node") if str(status.state_dir) in command_line(pid)]


def task_processes(status: Status, task_id: str) -> set[int]:
    """Return the processes of a task of this service; others on the machine may run a task of the same id."""
    here = processes_naming(f"AZ_BATCH_NODE_ROOT_DIR={status.state_dir}/")
    return set(here) & set(processes_naming(f"AZ_BATCH_TASK_ID={task_id}\0"))


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except FileNotFoundError:
        return ""


def blobs(status: Status) -> BlobServiceClient:
    """Without retries: the tests themselves wait."""
    return BlobServiceClient(status.blob_endpoint, credential=status.storage_key, retry_total=0)


def test_killed_service_ends_its_processes_and_the_next_one_completes_every_task_once(tmp_path: Path) -> None:
    status = start_service(tmp_path)
    client = batch_client(status)
    container = blobs(status).create_container("outputs")
    add_pool(client)
    url = signed_url(status)
    add_job(client, [writing_task(f"t{i}", url) for i in range(TASKS)])
    wait_until(lambda: counts(client).completed >= TASKS // 4)
    stop_service(status, signal.SIGKILL)
    wait_until(lambda: not processes_naming(str(tmp_path)), within=10)

    with running_service(tmp_path) as status:
        assert batch_client(status).get_job("job").state == "active"
        wait_until(lambda: counts(batch_client(status)).completed == TASKS)
        assert counts(batch_client(status)).succeeded == TASKS
        found = sorted(blob.name for blob in container.list_blobs())
        assert found == sorted(f"t{i}.txt" for i in range(TASKS))
        assert container.download_blob("t7.txt").readall() == b"t7\n"


def writing_task(task_id: str, container_url: str) -> models.BatchTaskCreateOptions:
    """A task that leaves its id in a blob named after it."""
    return models.BatchTaskCreateOptions(
        {
            "id": task_id,
            "commandLine": "/bin/sh -c 'sleep 0.1; echo $AZ_BATCH_TASK_ID > result.txt'",
            "outputFiles": [
                {
                    "filePattern": "result.txt",
                    "destination": {"container": {"containerUrl": container_url, "path": f"{task_id}.txt"}},
                    "uploadOptions": {"uploadCondition": "tasksuccess"},
                }
            ],
        }
    )


def execution(client: BatchClient, task_id: str) -> models.BatchTaskExecutionInfo:
    info = client.get_task("job", task_id).execution_info
    assert info is not None
    return info


def signed_url(status: Status) -> str:
    from datetime import UTC, datetime, timedelta

    from azure.storage.blob import ContainerSasPermissions, generate_container_sas

    signature = generate_container_sas(
        status.storage_account,
        "outputs",
        account_key=status.storage_key,
        permission=ContainerSasPermissions(write=True, create=True),
        expiry=datetime.now(UTC) + timedelta(hours=1),
    )
    return f"{status.blob_endpoint}/outputs?{signature}"


def test_every_acknowledged_task_is_there_after_the_service_was_killed(tmp_path: Path) -> None:
    status = start_service(tmp_path)
    client = batch_client(status)
    client.create_job(models.BatchJobCreateOptions(id="job", pool_info=models.BatchPoolInfo(pool_id="none")))
    client.create_tasks("job", [models.BatchTaskCreateOptions(id=f"t{i}", command_line="true") for i in range(500)])
    stop_service(status, signal.SIGKILL)
    with running_service(tmp_path) as status:
        assert counts(batch_client(status)).active == 500


def test_stopped_service_leaves_no_process_behind(tmp_path: Path) -> None:
    with running_service(tmp_path) as status:
        client = batch_client(status)
        add_pool(client)
        add_job(client, [models.BatchTaskCreateOptions(id="long", command_line="sleep 600")])
        wait_until(lambda: client.get_task("job", "long").state == "running")
    wait_until(lambda: not processes_naming(str(tmp_path)), within=5)


def test_killed_agent_costs_no_task_and_leaves_no_process(tmp_path: Path) -> None:
    with running_service(tmp_path) as status:
        client = batch_client(status)
        add_pool(client, nodes=1)
        # The child leaves the task's process group: only its environment tells where it belongs.
        script = "/bin/sh -c 'setsid sleep 601 & echo here; sleep 601'"
        add_job(client, [models.BatchTaskCreateOptions(id="long", command_line=script)])
        wait_until(lambda: len(task_processes(status, "long")) >= 3)
        before = task_processes(status, "long")
        (agent,) = agents(status)
        os.kill(agent, signal.SIGKILL)
        wait_until(lambda: execution(client, "long").requeue_count == 1)
        wait_until(lambda: client.get_task("job", "long").state == "running")
        assert execution(client, "long").retry_count == 0
        assert not before & task_processes(status, "long")


def test_node_whose_agent_keeps_ending_becomes_unusable(tmp_path: Path) -> None:
    with running_service(tmp_path) as status:
        client = batch_client(status)
        add_pool(client, nodes=1)

        def kill_agents() -> bool:
            for pid in agents(status):
                os.kill(pid, signal.SIGKILL)
            (node,) = client.list_nodes("pool")
            return node.state == "unusable"

        wait_until(kill_agents)
        (node,) = client.list_nodes("pool")
        assert [error.code for error in node.errors or []] == ["NodeAgentFailed"]
        client.begin_delete_pool("pool", polling_interval=0).wait()
        wait_until(lambda: not list((tmp_path / "nodes").iterdir()))


def test_storage_that_ends_is_started_again_with_what_it_had(tmp_path: Path) -> None:
    with running_service(tmp_path) as status:
        container = blobs(status).create_container("kept")
        container.upload_blob("a.txt", b"a")
        end_storage(status, tmp_path, signal.SIGTERM)
        assert container.download_blob("a.txt").readall() == b"a"
        killed = CliRunner().invoke(local, ["chaos", "--state", str(tmp_path), "--kill-storage"])
        assert "killed blob storage, which starts again\n" in killed.output
        wait_until(lambda: not blobs_answer(status))
        wait_until(lambda: blobs_answer(status))


def test_outputs_that_storage_loses_when_it_is_killed_are_uploaded_again(tmp_path: Path) -> None:
    with running_service(tmp_path) as status:
        client, container = batch_client(status), blobs(status).create_container("outputs")
        end_storage(status, tmp_path, signal.SIGTERM)  # saves the container
        add_pool(client)
        add_job(client, [writing_task(task_id, signed_url(status)) for task_id in ("a", "b", "deleted")])
        wait_until(lambda: counts(client).completed == 3)
        client.delete_task("job", "deleted")
        end_storage(status, tmp_path, signal.SIGKILL)
        wait_until(lambda: {blob.name for blob in container.list_blobs()} == {"a.txt", "b.txt"})
        assert container.download_blob("b.txt").readall() == b"b\n"
        container.upload_blob("a.txt", b"changed", overwrite=True)
        end_storage(status, tmp_path, signal.SIGTERM)
        client.create_tasks("job", [writing_task("last", signed_url(status))])
        wait_until(lambda: counts(client).completed == 3)
        assert container.download_blob("a.txt").readall() == b"changed"


def end_storage(status: Status, state: Path, number: signal.Signals) -> None:
    """End Azurite by a signal, and return when it is there again."""
    (guard,) = [pid for pid in processes_naming("shoal.local.guard") if str(state) in command_line(pid)]
    (azurite,) = children(guard)
    os.kill(azurite, number)
    wait_until(lambda: not Path(f"/proc/{azurite}").exists())
    wait_until(lambda: blobs_answer(status))


def test_storage_whose_guard_is_killed_ends_and_is_started_again(tmp_path: Path) -> None:
    with running_service(tmp_path) as status:
        container = blobs(status).create_container("kept")
        container.upload_blob("a.txt", b"a")
        (guard,) = [pid for pid in processes_naming("shoal.local.guard") if str(tmp_path) in command_line(pid)]
        (azurite,) = children(guard)
        os.kill(guard, signal.SIGKILL)
        wait_until(lambda: not Path(f"/proc/{azurite}").exists())
        wait_until(lambda: blobs_answer(status), within=60)
        assert container.download_blob("a.txt").readall() == b"a"
        (guard,) = [pid for pid in processes_naming("shoal.local.guard") if str(tmp_path) in command_line(pid)]
        os.kill(guard, signal.SIGKILL)
    # Stopped before it was started again.
    wait_until(lambda: not processes_naming(str(tmp_path)), within=5)


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def blobs_answer(status: Status) -> bool:
    from azure.core.exceptions import AzureError

    try:
        return bool(list(blobs(status).list_containers()))
    except AzureError:
        return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_either_signal_stops_the_service_in_order(tmp_path: Path, number: signal.Signals) -> None:
    stop_service(start_service(tmp_path), number)
    assert "Traceback" not in (tmp_path / "service.log").read_text()
    wait_until(lambda: not processes_naming(str(tmp_path)), within=5)
