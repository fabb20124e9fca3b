"""A whole stack at a glance: pools, jobs and newest failures, by a bounded number of requests whatever its size."""

import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice

from azure.batch import BatchClient
from azure.core.exceptions import ResourceNotFoundError

from shoal.connect import Services
from shoal.runs.job_queries import FAILED, ended_since
from shoal.runs.listing import TASK_COLUMNS, JobRow, TaskRow, task_row
from shoal.runs.listing import jobs as list_jobs
from shoal.runs.pool_cost import NO_NODES, read_tallies
from shoal.runs.pool_listing import PoolRow
from shoal.runs.pool_listing import pools as list_pools
from shoal.runs.progress import Counts, Snapshot, rate, time_left
from shoal.ui.stack_view import MOST_JOBS, CostNow, cost_now, latest_first

LISTED = 50
"""Jobs that are followed: those that go on before those that have ended, the latest first."""
HISTORY = 64
"""Snapshots of a job that are kept for its rate."""
COUNTED = 4
"""Jobs whose tasks are counted at one reading, a request for each. The others follow in turn."""
FAILURES = 20
"""Newest failures that are kept."""
PAGE = 100
"""Failures of one job that are read at a time."""
LATELY = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolGlance:
    row: PoolRow
    states: Mapping[str, int]
    """Nodes by state, the most frequent first."""
    busy_slots: int
    is_more_busy: bool = False
    """True while the tasks of some of its jobs have not been counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobGlance:
    row: JobRow
    counts: Counts | None = None
    """None until its tasks have been counted."""
    tasks_per_second: float = 0.0
    seconds_left: float | None = None

    @property
    def is_over(self) -> bool:
        return self.row.state == "completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    job_id: str
    task: TaskRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    stack: str
    project: str
    is_embedded: bool
    read_at: datetime
    pools: Sequence[PoolGlance]
    jobs: Sequence[JobGlance]
    more_jobs: int
    """Jobs that are not followed."""
    failures: Sequence[Failure]
    """The newest first."""
    cost: CostNow


@dataclass(slots=True, kw_only=True)
class KnownJob:
    """The past of a followed job."""

    history: deque[Snapshot] = field(default_factory=lambda: deque(maxlen=HISTORY))
    busy_slots: int = 0
    failures: Sequence[Failure] = ()
    failed_when_read: int = 0

    @property
    def counts(self) -> Counts | None:
        return self.history[-1].counts if self.history else None

    @property
    def counted_at(self) -> float:
        return self.history[-1].at if self.history else float("-inf")

    def is_final(self, row: JobRow) -> bool:
        return row.state == "completed" and bool(self.history) and self.history[-1].job_state == "completed"


class GlanceReader:
    def __init__(self, *, counted: int = COUNTED) -> None:
        self._counted = counted
        self._known: dict[str, KnownJob] = {}

    def read(self, services: Services, *, chosen: str = "") -> Glance:
        """Read the stack. The tasks of the chosen job are counted each time."""
        batch, environment = services.batch, services.environment
        pools = list(list_pools(batch, environment))
        listed = sorted(islice(list_jobs(batch), MOST_JOBS), key=latest_first)
        rows = listed[:LISTED]
        self._known = {row.id: self._known.get(row.id) or KnownJob() for row in rows}
        for row in due(rows, self._known, chosen, self._counted):
            self._count(batch, row)
        self._read_failures(batch, rows)
        tallies = read_tallies(batch)
        return Glance(
            stack=environment.stack,
            project=environment.project,
            is_embedded=environment.is_embedded,
            read_at=datetime.now(UTC),
            pools=[self._pool(pool, tallies.get(pool.id.lower(), NO_NODES).states, listed) for pool in pools],
            jobs=[self._job(row) for row in rows],
            more_jobs=len(listed) - len(rows),
            failures=newest(failure for job in self._known.values() for failure in job.failures),
            cost=cost_now(pools),
        )

    def _count(self, batch: BatchClient, row: JobRow) -> None:
        known = self._known[row.id]
        # The job may have been deleted since it was listed.
        with suppress(ResourceNotFoundError):
            result = batch.get_job_task_counts(row.id)
            counts = Counts.of(result.task_counts)
            known.history.append(Snapshot(at=time.monotonic(), counts=counts, job_state=row.state))
            known.busy_slots = result.task_slot_counts.running

    def _read_failures(self, batch: BatchClient, rows: Sequence[JobRow]) -> None:
        """Read the failures of one job that has more of them than were read."""
        for row in rows:
            known = self._known[row.id]
            failed = known.counts.failed if known.counts else 0
            if failed != known.failed_when_read:
                with suppress(ResourceNotFoundError):
                    known.failures = newest(_failures(batch, row.id, failed)) if failed else ()
                known.failed_when_read = failed
                return

    def _pool(self, pool: PoolRow, states: Mapping[str, int], jobs: Sequence[JobRow]) -> PoolGlance:
        mine = [job.id for job in jobs if job.pool.lower() == pool.id.lower() and job.state != "completed"]
        known = [self._known[job] for job in mine if job in self._known]
        return PoolGlance(
            row=pool,
            states=states,
            busy_slots=sum(job.busy_slots for job in known),
            is_more_busy=sum(bool(job.history) for job in known) < len(mine),
        )

    def _job(self, row: JobRow) -> JobGlance:
        history = self._known[row.id].history
        if not history:
            return JobGlance(row=row)
        counts = history[-1].counts
        left = time_left(history) if counts.completed < counts.total else None
        return JobGlance(
            row=row,
            counts=counts,
            tasks_per_second=0.0 if row.state == "completed" else rate(history),
            seconds_left=left.total_seconds() if left else None,
        )


def due(rows: Sequence[JobRow], known: Mapping[str, KnownJob], chosen: str, most: int) -> list[JobRow]:
    """Return the jobs to count next: the chosen one, then those whose last count is the oldest. An end counts once."""
    open_rows = [row for row in rows if not known[row.id].is_final(row)]
    return sorted(open_rows, key=lambda row: (row.id != chosen, known[row.id].counted_at))[:most]


def newest(failures: Iterable[Failure]) -> list[Failure]:
    never = datetime.fromtimestamp(0, UTC)
    return sorted(failures, key=lambda failure: failure.task.ended or never, reverse=True)[:FAILURES]


def _failures(batch: BatchClient, job_id: str, failed: int) -> list[Failure]:
    """Return failures of a job: of many, those that ended lately."""
    lately = f"{FAILED} and {ended_since(datetime.now(UTC) - LATELY)}"
    asked = [FAILED] if failed <= PAGE else [lately, FAILED]
    for each in asked:
        tasks = batch.list_tasks(job_id, filter=each, select=TASK_COLUMNS, max_results=PAGE)
        if rows := [Failure(job_id=job_id, task=task_row(task)) for task in islice(tasks, PAGE)]:
            return rows
    return []
