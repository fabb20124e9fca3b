"""Failed tasks of a job, as far as a bounded number of requests reads them."""

from collections.abc import Container, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice

from azure.batch.models import BatchTask

from shoal.connect import Services
from shoal.runs.exit_conditions import satisfies_dependents
from shoal.runs.stored_run import folder_in_batch
from shoal.runs.why.failure_kinds import FailedTask, Failures, grouped, to_read
from shoal.runs.why.stderr_end import stderr_end

LISTED = 1000
"""Failures in one list, which is one request. Source: Batch REST, List Tasks, maxresults."""
READ = 24
"""Tasks whose stderr is read."""
IN_FLIGHT = 8
UNLIMITED_DAYS = 3650
"""Batch gives ten thousand days and more for no limit."""
# The state says nothing more, and lets a service with an index on states pass over the tasks that have not completed.
FAILED = "state eq 'completed' and executionInfo/result eq 'failure'"
COLUMNS = ["id", "executionInfo", "exitConditions", "constraints"]


def read_failures(
    services: Services,
    job_id: str,
    *,
    folder: str,
    total: int,
    most_stderr: int = READ,
    mended: Container[str] = frozenset(),
) -> Failures:
    """Read the failures of a job: all of up to a thousand; of more, the first thousand, and others by exit code.

    Those of `mended` tasks, ids in lower case, are left out.
    """
    every = _listed(services, job_id, total)
    listed = [task for task in every if task.id.lower() not in mended]
    total -= len(every) - len(listed)
    with_stderr = {task.id: task for task in _with_stderr(services, job_id, folder, to_read(listed, most_stderr))}
    kinds = grouped(with_stderr.get(task.id, task) for task in listed)
    return Failures(total=max(total, len(listed)), listed=tuple(listed), kinds=kinds)


def failures_of_job(services: Services, job_id: str, *, total: int, most_stderr: int = READ) -> Failures:
    """Read the failures of a job that is in Batch."""
    if not total:
        return Failures()
    folder = folder_in_batch(services, job_id) or job_id
    return read_failures(services, job_id, folder=folder, total=total, most_stderr=most_stderr)


def failure_of(services: Services, job_id: str, task: BatchTask, *, folder: str) -> FailedTask:
    """Return one failure with the end of its stderr."""
    (read,) = _with_stderr(services, job_id, folder, [failed_task(task)])
    return read


def failed_task(task: BatchTask) -> FailedTask:
    execution = task.execution_info
    info = execution.failure_info if execution else None
    began, ended = (execution.start_time, execution.end_time) if execution else (None, None)
    limit = task.constraints.max_wall_clock_time if task.constraints else None
    return FailedTask(
        id=str(task.id),
        exit_code=execution.exit_code if execution else None,
        code=(info.code if info else None) or "",
        message=(info.message if info else None) or "",
        details={str(item.name): str(item.value) for item in (info.details if info else None) or ()},
        ran=ended - began if began and ended else None,
        limit=limit if limit and limit.days < UNLIMITED_DAYS else None,
        satisfies_dependents=satisfies_dependents(task),
    )


def _listed(services: Services, job_id: str, total: int) -> list[FailedTask]:
    """Ask a second time for failures with other exit codes, where the first list is not all."""
    first = _page(services, job_id, FAILED)
    codes = sorted({task.exit_code for task in first if task.exit_code is not None})
    if total <= len(first) or len(first) < LISTED or not 0 < len(codes) <= 10:
        return first
    others = " and ".join([FAILED, *(f"executionInfo/exitCode ne {code}" for code in codes)])
    return [*first, *_page(services, job_id, others)]


def _page(services: Services, job_id: str, filter_text: str) -> list[FailedTask]:
    tasks: Iterable[BatchTask] = services.batch.list_tasks(
        job_id, filter=filter_text, select=COLUMNS, max_results=LISTED
    )
    return [failed_task(task) for task in islice(tasks, LISTED)]


def _with_stderr(services: Services, job_id: str, folder: str, tasks: Sequence[FailedTask]) -> list[FailedTask]:
    if not tasks:
        return []

    def read(task: FailedTask) -> FailedTask:
        return replace(task, stderr=stderr_end(services, job_id, task.id, folder=folder))

    with ThreadPoolExecutor(min(IN_FLIGHT, len(tasks))) as pool:
        return list(pool.map(read, tasks))
