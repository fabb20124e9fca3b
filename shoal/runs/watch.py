"""Follow a job to its end by its counts, through pauses of the service."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from azure.batch import BatchClient
from azure.batch.models import BatchAllTasksCompleteMode, BatchJob, BatchJobState
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError, ServiceRequestError, ServiceResponseError

from shoal.connect import plain_word
from shoal.errors import BadInput
from shoal.runs.blocked import only_blocked_are_left
from shoal.runs.progress import Counts, Snapshot

PATIENCE = timedelta(minutes=5)
"""Time after which a service that does not answer is given up."""
SETTLED = 3
"""Polls without change after which a job without an order to end counts as done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEnding:
    counts: Counts
    reason: str
    """The reason of Batch, where the job ended; else a sentence."""
    blocked: bool

    @property
    def succeeded(self) -> bool:
        return self.counts.failed == 0 and self.counts.active == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Time as it passes, or as a test lets it pass."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def watch(
    client: BatchClient,
    job_id: str,
    *,
    on_snapshot: Callable[[Snapshot], None],
    on_silence: Callable[[timedelta], None],
    clock: Clock | None = None,
) -> JobEnding:
    """Return when nothing of the job can run any more. Raises BadInput where there is no such job."""
    clock = clock or Clock()
    began = answered = clock.now()
    unchanged, last = 0, Counts()
    while True:
        try:
            job, counts = _ask(client, job_id)
            answered = clock.now()
            on_snapshot(Snapshot(at=answered, counts=counts, job_state=plain_word(job.state)))
            unchanged = unchanged + 1 if counts == last else 0
            last = counts
            if ending := _ending(client, job, counts, unchanged):
                return ending
        except (ServiceRequestError, ServiceResponseError, HttpResponseError) as exc:
            away = timedelta(seconds=clock.now() - answered)
            if _is_final(exc) or away > PATIENCE:
                raise
            on_silence(away)
        clock.sleep(_interval(clock.now() - began))


def _ask(client: BatchClient, job_id: str) -> tuple[BatchJob, Counts]:
    try:
        job = client.get_job(job_id, retry_total=0)
        counts = client.get_job_task_counts(job_id, retry_total=0).task_counts
    except ResourceNotFoundError as exc:
        raise BadInput(f"there is no job '{job_id}'; `shoal jobs` lists them") from exc
    return job, Counts(active=counts.active, running=counts.running, succeeded=counts.succeeded, failed=counts.failed)


def _ending(client: BatchClient, job: BatchJob, counts: Counts, unchanged: int) -> JobEnding | None:
    if job.state == BatchJobState.COMPLETED:
        reason = (job.execution_info.termination_reason if job.execution_info else None) or ""
        return JobEnding(counts=counts, reason=reason, blocked=False)
    if counts.total == 0 or counts.running:
        return None
    ends_by_itself = job.all_tasks_complete_mode == BatchAllTasksCompleteMode.TERMINATE_JOB
    if counts.active == 0:
        is_done = ends_by_itself or unchanged >= SETTLED
        return JobEnding(counts=counts, reason="all tasks completed", blocked=False) if is_done else None
    is_time_to_look = unchanged.bit_count() == 1  # less and less often: it asks for more than counts
    if counts.failed and is_time_to_look and only_blocked_are_left(client, str(job.id)):
        return JobEnding(counts=counts, reason="the tasks that are left wait for tasks that failed", blocked=True)
    return None


def _is_final(exc: Exception) -> bool:
    """Return True for refusals; throttling, server errors and silence pass."""
    status = exc.status_code if isinstance(exc, HttpResponseError) else None
    return status is not None and status < 500 and status not in (408, 429)


def _interval(passed: float) -> float:
    """Return the seconds to the next poll: few while the job is young, then a twentieth of its age, at most five."""
    return min(5.0, max(0.3, passed / 20))
