"""Reasons of failed tasks: Batch's code and message, and the end of stderr."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from azure.batch.models import BatchTask

from shoal.connect import Services
from shoal.errors import BadInput
from shoal.runs.logs import LogFile, read_log, tail

STDERR_LINES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    task_id: str
    exit_code: int | None
    code: str
    """The error code of Batch, such as FailureExitCode or CommandProgramNotFound."""
    message: str
    stderr: str
    """The last lines."""


def failures(services: Services, job_id: str, *, limit: int) -> Iterator[Failure]:
    tasks = services.batch.list_tasks(
        job_id, filter="executionInfo/result eq 'failure'", select=["id", "executionInfo"], max_results=limit
    )
    return (_failure(services, job_id, task) for task in itertools.islice(tasks, limit))


def _failure(services: Services, job_id: str, task: BatchTask) -> Failure:
    execution = task.execution_info
    info = execution.failure_info if execution else None
    return Failure(
        task_id=str(task.id),
        exit_code=execution.exit_code if execution else None,
        code=(info.code if info else None) or "",
        message=(info.message if info else None) or "",
        stderr=_stderr(services, LogFile(job_id=job_id, task_id=str(task.id), name="stderr.txt")),
    )


def _stderr(services: Services, log: LogFile) -> str:
    try:
        return tail(read_log(services, log), STDERR_LINES)
    except BadInput as exc:
        return f"({exc})"
