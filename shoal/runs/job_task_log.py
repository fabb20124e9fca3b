"""Output of a job's preparation and release tasks: Batch keeps it on the nodes on which they ran, and nowhere else.

Source: Batch REST, Job - List Preparation And Release Task Status (2025-06-01): `taskRootDirectory`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

from shoal.connect import Services
from shoal.errors import BadInput
from shoal.nodes.node_lookup import matching
from shoal.runs.unknown_ids import unknown_job

Kind = Literal["preparation", "release"]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobTaskRun:
    """A run of the task on one node."""

    node: str
    pool_id: str
    directory: str
    failed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class JobTaskLog:
    run: JobTaskRun
    content: bytes
    other_nodes: int
    """The number of other nodes on which the task ran."""


def read_job_task_log(services: Services, job_id: str, kind: Kind, name: str, node: str | None) -> JobTaskLog:
    """Read `stdout.txt` or `stderr.txt` from a node; without one, from the first on which the task failed, or any.

    Raises BadInput where there is nothing to read.
    """
    runs = _runs(services, job_id, kind)
    run = chosen(runs, job_id, kind, node)
    try:
        content = b"".join(services.batch.download_node_file(run.pool_id, run.node, f"{run.directory}/{name}"))
    except (ResourceNotFoundError, ResourceExistsError) as exc:
        raise BadInput(f"node '{run.node}' does not have the {name} of the {kind} task any more, or is gone") from exc
    return JobTaskLog(run=run, content=content, other_nodes=len(runs) - 1)


def chosen(runs: Sequence[JobTaskRun], job_id: str, kind: Kind, node: str | None) -> JobTaskRun:
    """Return the run on a node; without one, the first that failed, or the first. Raises BadInput."""
    if not runs:
        raise BadInput(f"the {kind} task of job '{job_id}' has not run on any node yet")
    if node is None:
        return next((run for run in runs if run.failed), runs[0])
    found = matching(node, [run.node for run in runs])
    if len(found) != 1:
        nodes = ", ".join(run.node for run in runs)
        fits = f"'{node}' fits {len(found)} of them" if found else f"not on '{node}'"
        raise BadInput(f"the {kind} task of job '{job_id}' ran on {nodes}; {fits}")
    return next(run for run in runs if run.node == found[0])


def _runs(services: Services, job_id: str, kind: Kind) -> list[JobTaskRun]:
    try:
        job = services.batch.get_job(job_id, select=["id", "jobPreparationTask", "jobReleaseTask"])
    except ResourceNotFoundError as exc:
        raise unknown_job(services.batch, job_id) from exc
    if (job.job_preparation_task if kind == "preparation" else job.job_release_task) is None:
        raise BadInput(f"job '{job_id}' has no {kind} task")
    info = f"job{kind.capitalize()}TaskExecutionInfo"
    statuses = (status.as_dict() for status in services.batch.list_job_preparation_and_release_task_status(job_id))
    return [_run(status, status[info]) for status in statuses if info in status]


def _run(status: dict[str, Any], info: dict[str, Any]) -> JobTaskRun:
    return JobTaskRun(
        node=status["nodeId"],
        pool_id=status["poolId"],
        directory=info.get("taskRootDirectory", ""),
        failed=info.get("result") == "failure",
    )
