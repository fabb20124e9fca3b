"""Follow a job to its end, through pauses of the service and lists that lag behind."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from azure.core.exceptions import HttpResponseError, ServiceRequestError, ServiceResponseError

from shoal.runs.job_ending import JobEnding
from shoal.runs.job_queries import JobQueries
from shoal.runs.progress import LARGE, Counts, Snapshot
from shoal.runs.verdict import (
    STILL,
    UNSUBMITTED,
    Job,
    Unfinished,
    Watched,
    after_lists,
    after_poll,
    is_time_to_list,
    reason_to_end,
)

PATIENCE = timedelta(minutes=5)
"""Time after which a service that does not answer is given up."""
LONGEST = 5.0
"""Seconds between two polls, each of which is two requests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Time as it passes, or as a test lets it pass."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def watch(
    queries: JobQueries,
    *,
    on_snapshot: Callable[[Snapshot], None],
    on_silence: Callable[[timedelta], None],
    on_lag: Callable[[Unfinished], None] = lambda _: None,
    expected: int | None = None,
    clock: Clock | None = None,
) -> JobEnding:
    """Return when nothing of the job can run any more. Raises BadInput where there is no such job.

    `on_lag` gets the tasks that a completed job still lists as unfinished. `expected` is the number of its tasks.
    """
    clock = clock or Clock()
    began = answered = clock.now()
    past = Watched()
    while True:
        try:
            job, counts = queries.read()
            answered = clock.now()
            on_snapshot(Snapshot(at=answered, counts=counts, job_state=job.state))
            past = after_poll(past, job, counts, answered)
            if is_time_to_list(job, past):
                unfinished = queries.unfinished(job, exact=past.still >= STILL)
                past = after_lists(past, unfinished)
                if ending := _ending(queries, job, unfinished, past=past, expected=expected):
                    return ending
                if job.completed:
                    on_lag(unfinished)
        except (ServiceRequestError, ServiceResponseError, HttpResponseError) as exc:
            away = timedelta(seconds=clock.now() - answered)
            if is_final(exc) or away > PATIENCE:
                raise
            on_silence(away)
        clock.sleep(interval(clock.now() - began, past.counts.total))


def _ending(
    queries: JobQueries, job: Job, unfinished: Unfinished, *, past: Watched, expected: int | None
) -> JobEnding | None:
    """Return None where the job goes on, and for one that is still to get its first task."""
    reason = reason_to_end(job, unfinished, past)
    if reason is None:
        return None
    succeeded, failed = queries.results()
    counts = Counts(active=unfinished.active, running=unfinished.running, succeeded=succeeded, failed=failed)
    if not counts.total and not job.completed and reason != UNSUBMITTED:
        return None
    return JobEnding(
        counts=counts,
        reason=reason,
        blocked=bool(unfinished.stuck),
        expected=expected or job.expected,
        deferred=job.deferred,
        continues=job.continues,
        skipped=job.skipped,
    )


def is_final(exc: Exception) -> bool:
    """Return True for refusals; throttling, server errors and silence pass."""
    status = exc.status_code if isinstance(exc, HttpResponseError) else None
    return status is not None and status < 500 and status not in (408, 429)


def interval(passed: float, tasks: int) -> float:
    """Return the seconds to the next poll: few while the job is young, then a twentieth of its age, at most five.

    A large job takes long, and its service is busy: it is asked as seldom from the beginning.
    """
    return LONGEST if tasks >= LARGE else min(LONGEST, max(0.3, passed / 20))
