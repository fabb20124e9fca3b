"""The page of a job: stages, what it waits for, kinds of failures, time left, cost so far, and its tasks over time."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from azure.core.exceptions import ResourceNotFoundError

from shoal.azure.prices import CURRENCY, SOURCE_AND_DAY
from shoal.connect import Services
from shoal.runs.job_details import Details, JobDetails
from shoal.runs.job_queries import BatchJobQueries
from shoal.runs.progress import WINDOW, Counts, Snapshot, rate, time_left
from shoal.runs.unknown_ids import unknown_job
from shoal.runs.verdict import Job
from shoal.runs.why.collection import collect
from shoal.runs.why.decision import findings
from shoal.runs.why.failure_summary import FailureSummary, summaries
from shoal.runs.why.finding import Finding
from shoal.ui.done_lines import DoneLines, Moments, done_lines, thinned
from shoal.ui.job_times import JobTimes, read_times
from shoal.ui.run_forecast import RunForecast, read_forecast

SECONDS = 15.0
"""Time between two readings of what takes more than a few requests, at least."""
SHARE = 10
"""How many times as long as such a reading takes the next one is put off: thousands of tasks are much to parse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Facts of a job that are read now and then."""

    began: datetime | None
    ended: datetime | None
    findings: Sequence[Finding]
    failures: Sequence[FailureSummary]
    failures_read: str
    """`1000 of 100000 failures were read`, or nothing where all were."""
    times: JobTimes


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPage:
    id: str
    job: Job
    counts: Counts
    tasks_per_second: float
    seconds_left: float | None
    details: Details
    pool: str | None
    """The name of its pool in the stack; None for another pool."""
    currency: str
    price_source: str
    is_embedded: bool
    explanation: Explanation | None
    """None at the first reading, which is quick."""
    forecast: RunForecast | None
    """None at the first reading."""
    done: DoneLines | None
    """None before the beginning of the job is known."""


class JobView:
    def __init__(self, job_id: str) -> None:
        self._job_id = job_id
        self._services: Services | None = None
        self._history: list[Snapshot] = []
        self._explained_for: tuple[str | None, Counts] | None = None
        self._explanation: Explanation | None = None
        self._due: float | None = None
        self._forecast: RunForecast | None = None
        self._moments: list[tuple[datetime, int]] = []

    def read(self, services: Services) -> JobPage:
        if services is not self._services:
            self._services, self._details = services, JobDetails(services, self._job_id)
        try:
            return self._read(services)
        except ResourceNotFoundError as exc:
            raise unknown_job(services.batch, self._job_id) from exc

    def _read(self, services: Services) -> JobPage:
        job, counts = BatchJobQueries(services.batch, self._job_id).read()
        snapshot = Snapshot(at=time.monotonic(), counts=counts, job_state=job.state)
        self._remember(snapshot)
        details = self._details.on_snapshot(snapshot)
        self._explain(services, snapshot)
        left = time_left(self._history) if counts.completed < counts.total else None
        return JobPage(
            id=self._job_id,
            job=job,
            counts=counts,
            tasks_per_second=rate(self._history),
            seconds_left=left.total_seconds() if left else None,
            details=details,
            pool=services.environment.pool_name(details.pool),
            currency=CURRENCY,
            price_source=SOURCE_AND_DAY,
            is_embedded=services.environment.is_embedded,
            explanation=self._explanation,
            forecast=self._forecast,
            done=self._done(counts),
        )

    def _remember(self, snapshot: Snapshot) -> None:
        since = snapshot.at - 2 * WINDOW.total_seconds()
        self._history = [*(earlier for earlier in self._history if earlier.at >= since), snapshot]

    def _done(self, counts: Counts) -> DoneLines | None:
        """Return the tasks that have ended: by their times, or of a large job since the page was opened."""
        self._moments = [*thinned(self._moments), (datetime.now(UTC), counts.completed)]
        if self._explanation is None or self._explanation.began is None:
            return None
        kept = self._forecast.kept if self._forecast else None
        course = kept.expected.course if kept and kept.expected else ()
        return done_lines(self._explanation.began, self._known(self._explanation), course)

    def _known(self, explanation: Explanation) -> Moments:
        now, completed = self._moments[-1]
        end, read = explanation.ended or now, explanation.times.done
        # The tasks are read now and then only; since then the counts are known.
        since = [one for one in self._moments if not read or one[0] > read[-1][0]]
        return [*(one for one in (*read, *since) if one[0] < end), (end, completed)]

    def _explain(self, services: Services, snapshot: Snapshot) -> None:
        """Explain the job from the second reading on, now and then, and at once when it has ended."""
        state = snapshot.job_state, snapshot.counts
        has_just_ended = snapshot.job_state == "completed" and state != self._explained_for
        if self._due is None:
            self._due = snapshot.at
            return
        if snapshot.at < self._due and not has_just_ended:
            return
        self._explanation = _explanation(services, self._job_id, snapshot.counts)
        # A run's forecast never changes.
        self._forecast = self._forecast or read_forecast(services, self._job_id)
        self._explained_for = state
        now = time.monotonic()
        self._due = now + max(SECONDS, SHARE * (now - snapshot.at))


def _explanation(services: Services, job_id: str, counts: Counts) -> Explanation:
    evidence = collect(services, job_id)
    facts = evidence.job
    return Explanation(
        began=facts.began,
        ended=facts.ended,
        findings=findings(evidence),
        failures=summaries(evidence.failures),
        failures_read=evidence.failures.sampling,
        times=read_times(services, facts, counts.total),
    )
