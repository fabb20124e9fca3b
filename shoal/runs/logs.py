"""Logs of a task, read from its node while that lives, else from the logs container."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from azure.batch.models import BatchTaskState
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.core.rest import HttpRequest

from shoal.autoscale.simulation.simulated_names import NODE_PREFIX
from shoal.connect import Services, plain_word
from shoal.errors import BadInput
from shoal.jobs.submit.collection import API_VERSION
from shoal.nodes.simulated_pool import simulated_pool_of
from shoal.runs.skipped_tasks import skipped_tasks
from shoal.runs.stored_run import NoSuchJob, folder_of_run
from shoal.runs.unknown_ids import unknown_task
from shoal.runs.watch import Clock

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

POLL_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFile:
    job_id: str
    task_id: str
    name: str
    """`stdout.txt` or `stderr.txt`."""
    run_id: str | None = None
    """A run that has left its logs, instead of the one whose job is in Batch."""


def read_log(services: Services, log: LogFile, *, start: int = 0) -> bytes:
    """Read a log from byte `start`. Raises BadInput for an unknown task, or a log neither on a node nor kept."""
    on_node = None if log.run_id else _from_node(services, log, start)
    if on_node is not None:
        return on_node
    container = services.blobs.get_container_client(services.environment.containers.logs)
    try:
        return _kept(container, _blob(services, log), start)
    except (ResourceNotFoundError, NoSuchJob) as exc:
        raise BadInput(_missing_log(services, log)) from exc


def follow_log(
    services: Services,
    log: LogFile,
    clock: Clock | None = None,
    *,
    on_skipped: Callable[[], None] = lambda: None,
) -> Iterator[bytes]:
    """Yield what has been written, then what is added, until the task has completed.

    Of a task that was skipped, it is the log of the task that ran.
    """
    if _is_skipped(services, log):
        on_skipped()
        yield read_log(services, log)
        return
    clock, seen = clock or Clock(), 0
    # Nothing would ever come, however long the task takes.
    if simulated_pool_of(services, log.job_id) is not None:
        raise BadInput(_missing_log(services, log))
    while True:
        completed = _state(services, log) == BatchTaskState.COMPLETED
        try:
            part = read_log(services, log, start=seen)
        except BadInput:
            if completed:
                raise
            part = b""
        if part:
            yield part
        seen += len(part)
        if completed:
            return
        clock.sleep(POLL_SECONDS)


def tail(content: bytes, lines: int) -> str:
    return "\n".join(content.decode(errors="replace").splitlines()[-lines:])


def _blob(services: Services, log: LogFile) -> str:
    return f"{folder_of_run(services, log.job_id, log.run_id)}/{log.task_id}/{log.name}"


def _kept(container: "ContainerClient", blob: str, start: int) -> bytes:
    """Return what a kept log has from byte `start` on.

    Source: Blob REST, Get Blob: 416 for a range that begins at the blob's end or behind it.
    """
    try:
        return container.download_blob(blob, offset=start or None).readall()
    except HttpResponseError as exc:
        if exc.status_code != 416:
            raise
        return b""


def _from_node(services: Services, log: LogFile, start: int) -> bytes | None:
    """Return None where no node has the file. The client's own download does not say why it failed.

    Source: Batch REST, File - Get From Task: `ocp-range`; 404 and 409 without the file, 416 past its end.
    """
    request = HttpRequest(
        "GET",
        f"/jobs/{log.job_id}/tasks/{log.task_id}/files/{log.name}",
        params={"api-version": API_VERSION},
        headers={"ocp-range": f"bytes={start}-"} if start else {},
    )
    try:
        return services.batch.send_request(request).content
    except HttpResponseError as exc:
        if exc.status_code == 416:
            return b""
        if exc.status_code not in (404, 409):
            raise
        return None


def _state(services: Services, log: LogFile) -> str | None:
    try:
        return plain_word(services.batch.get_task(log.job_id, log.task_id, select=["id", "state"]).state)
    except ResourceNotFoundError as exc:
        raise unknown_task(services.batch, log.job_id, log.task_id, exc) from exc


def _is_skipped(services: Services, log: LogFile) -> bool:
    try:
        _state(services, log)
    except BadInput:
        return log.task_id in skipped_tasks(services, log.job_id)
    return False


def _missing_log(services: Services, log: LogFile) -> str:
    state = _state(services, log)
    if _is_simulated(services, log):
        return f"task '{log.task_id}' has no {log.name}: its pool is simulated, where tasks run nothing"
    if state != BatchTaskState.COMPLETED:
        return f"task '{log.task_id}' is {state} and has written no {log.name} yet"
    return f"the {log.name} of task '{log.task_id}' is gone with its node, and `logs` of its stage did not keep it"


def _is_simulated(services: Services, log: LogFile) -> bool:
    """Return True where the task is or was on a simulated node, by the node's id, or waits for one."""
    node = services.batch.get_task(log.job_id, log.task_id, select=["id", "nodeInfo"]).node_info
    if node is not None and node.node_id:
        return node.node_id.startswith(NODE_PREFIX)
    return simulated_pool_of(services, log.job_id) is not None
