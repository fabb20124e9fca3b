"""The nodes on which a job's preparation task failed, as Batch reports them.

Source: Batch REST, Job - List Preparation And Release Task Status (2025-06-01).
"""

from collections.abc import Set
from itertools import islice

from azure.batch import BatchClient
from azure.batch.models import BatchJob, BatchJobPreparationAndReleaseTaskStatus
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

from shoal.nodes.requests import STDERR_LINES
from shoal.runs.logs import tail
from shoal.runs.why.evidence import Fault, Unprepared

FAILED = "jobPreparationTaskExecutionInfo/result eq 'failure'"
MOST = 1000


def read_unprepared(client: BatchClient, job: BatchJob, pool_id: str, nodes: Set[str]) -> tuple[Unprepared, ...]:
    """Return those of the nodes that refuse the job's tasks; none for a job whose tasks do not wait for it."""
    task = job.job_preparation_task
    if task is None or task.wait_for_success is False:
        return ()
    listed = client.list_job_preparation_and_release_task_status(str(job.id), filter=FAILED, max_results=MOST)
    failed = [status for status in islice(listed, MOST) if status.pool_id == pool_id and status.node_id in nodes]
    return tuple(map(_unprepared, failed))


def preparation_stderr(client: BatchClient, pool_id: str, failed: Unprepared) -> tuple[str, ...]:
    """Return the last lines, or nothing where the node does not have them."""
    try:
        content = b"".join(client.download_node_file(pool_id, failed.node, f"{failed.directory}/stderr.txt"))
    except (ResourceNotFoundError, ResourceExistsError):
        return ()
    return tuple(tail(content, STDERR_LINES).splitlines())


def _unprepared(status: BatchJobPreparationAndReleaseTaskStatus) -> Unprepared:
    info = status.job_preparation_task_execution_info
    failure = info.failure_info if info else None
    return Unprepared(
        node=str(status.node_id),
        directory=(info.task_root_directory if info else None) or "",
        exit_code=info.exit_code if info else None,
        fault=Fault(code=failure.code or "", message=failure.message or "") if failure else None,
    )
