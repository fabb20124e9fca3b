"""Questions to Batch about a job, each of them as cheap as it can be for a million tasks."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Protocol

from azure.batch import BatchClient
from azure.batch.models import BatchAllTasksCompleteMode, BatchTask, BatchTaskState
from azure.core.exceptions import ResourceNotFoundError

from shoal.connect import plain_word
from shoal.jobs.run_record import from_metadata
from shoal.runs.blocked import Parent, blocked
from shoal.runs.exit_conditions import satisfies_dependents
from shoal.runs.progress import Counts
from shoal.runs.unknown_ids import unknown_job
from shoal.runs.verdict import BEHIND_FAILURES, BEHIND_OTHERS, Job, Unfinished

RUNNING = "state eq 'preparing' or state eq 'running'"
UNFINISHED = "state ne 'completed'"
FAILED = "executionInfo/result eq 'failure'"
SUCCEEDED = "executionInfo/result eq 'success'"
ENDED = "state eq 'completed'"
OVERLAP = timedelta(minutes=2)
"""Tasks that ended this long before the latest known one are read again: they may have been listed late."""
GOES_ON = Unfinished(running=1)


def ended_since(moment: datetime) -> str:
    """Return the filter of tasks that ended at this moment of UTC or later."""
    return f"executionInfo/endTime ge datetime'{moment:%Y-%m-%dT%H:%M:%S}Z'"


class JobQueries(Protocol):
    def read(self) -> tuple[Job, Counts]: ...

    def unfinished(self, job: Job, *, exact: bool) -> Unfinished:
        """List the tasks that have not completed, as far as it takes to know whether the job goes on.

        Only an `exact` question also finds tasks behind ranges, missing tasks and successes that block dependents: it
        reads every completed task once.
        """

    def results(self) -> tuple[int, int]:
        """Return the numbers of tasks listed as completed with success and with failure."""


class BatchJobQueries:
    def __init__(self, client: BatchClient, job_id: str) -> None:
        self._client, self._job_id = client, job_id
        self._ended = EndedTasks()

    def read(self) -> tuple[Job, Counts]:
        """Raises BadInput where there is no such job."""
        try:
            job = self._client.get_job(self._job_id, retry_total=0)
            counts = self._client.get_job_task_counts(self._job_id, retry_total=0).task_counts
        except ResourceNotFoundError as exc:
            raise unknown_job(self._client, self._job_id) from exc
        record = from_metadata(job.metadata)
        return (
            Job(
                state=plain_word(job.state),
                reason=(job.execution_info.termination_reason if job.execution_info else None) or "",
                ends_by_itself=job.all_tasks_complete_mode == BatchAllTasksCompleteMode.TERMINATE_JOB,
                expected=record.tasks if record else None,
                deferred=record.deferred if record else (),
                continues=record.continuation.first_job if record and record.continuation else None,
                skipped=record.skipped if record else 0,
            ),
            Counts.of(counts),
        )

    def unfinished(self, job: Job, *, exact: bool) -> Unfinished:
        if job.completed:
            return _counted(self._list(UNFINISHED, ["id", "state"]))
        if any(self._list(RUNNING, ["id"], page=1)):
            return GOES_ON
        waiting = _waiting(self._list(UNFINISHED, ["id", "state", "dependsOn"]))
        if waiting is None:
            return GOES_ON
        return Unfinished(active=len(waiting), stuck=self._reason_to_be_stuck(waiting, exact=exact) if waiting else "")

    def results(self) -> tuple[int, int]:
        succeeded, failed = (sum(1 for _ in self._list(result, ["id"])) for result in (SUCCEEDED, FAILED))
        return succeeded, failed

    def _reason_to_be_stuck(self, waiting: dict[str, list[Parent]], *, exact: bool) -> str:
        """Ask for the ended tasks after the waiting ones: a task in neither list is missing then."""
        filter_text = self._ended.filter(exact=exact)
        self._ended.add(self._list(filter_text, ["id", "exitConditions", "executionInfo"]))
        ended = self._ended.satisfies
        if len(blocked(waiting, ended, exact=False)) == len(waiting):
            return BEHIND_FAILURES
        is_stuck = self._ended.exact and len(blocked(waiting, ended, exact=True)) == len(waiting)
        return BEHIND_OTHERS if is_stuck else ""

    def _list(self, filter_text: str, columns: list[str], *, page: int | None = None) -> Iterator[BatchTask]:
        return iter(self._client.list_tasks(self._job_id, filter=filter_text, select=columns, max_results=page))


class EndedTasks:
    """Completed tasks of a job, and whether each satisfies its dependents. Only those that ended lately are read again.

    At first only failures are asked for. Later everything that ended since then: a task that failed may have been
    reactivated.
    """

    def __init__(self) -> None:
        self.satisfies: dict[str, bool] = {}
        self.exact = False
        """True if all completed tasks have been read."""
        self._latest: datetime | None = None

    def filter(self, *, exact: bool) -> str:
        """Return the filter of the tasks to add next."""
        if exact and not self.exact:
            self.exact = True
            return ENDED
        if self._latest is None:
            return ENDED if self.exact else FAILED
        return ended_since(self._latest - OVERLAP)

    def add(self, tasks: Iterable[BatchTask]) -> None:
        for task in tasks:
            self.satisfies[task_key(task.id)] = satisfies_dependents(task)
            ended = task.execution_info.end_time if task.execution_info else None
            if ended and (self._latest is None or ended > self._latest):
                self._latest = ended


def _counted(tasks: Iterable[BatchTask]) -> Unfinished:
    states = [task.state == BatchTaskState.ACTIVE for task in tasks]
    return Unfinished(active=sum(states), running=len(states) - sum(states))


def _waiting(tasks: Iterable[BatchTask]) -> dict[str, list[Parent]] | None:
    """Return the tasks and their parents, or None as soon as one of them runs or waits for nothing."""
    waiting = {}
    for task in tasks:
        parents = depends_on(task)
        if task.state != BatchTaskState.ACTIVE or not parents:
            return None
        waiting[task_key(task.id)] = parents
    return waiting


def depends_on(task: BatchTask) -> list[Parent]:
    if task.depends_on is None:
        return []
    spans = [range(span.start, span.end + 1) for span in task.depends_on.task_id_ranges or ()]
    return [*map(task_key, task.depends_on.task_ids or ()), *spans]


def task_key(task_id: str | None) -> str:
    """Return the id as Batch compares it: without case."""
    return str(task_id).lower()
