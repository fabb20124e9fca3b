"""Details of a watched job beside its counts: stages, nodes by state and cost. Read now and then, never essential."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from azure.core.exceptions import AzureError

from shoal.azure.prices import NodePrice
from shoal.connect import Services
from shoal.environment import Environment
from shoal.errors import BadInput
from shoal.runs.pool_cost import NO_NODES, NodeTally, Spent, read_tally, spent_before
from shoal.runs.pool_listing import price_of
from shoal.runs.progress import LARGE, Snapshot
from shoal.runs.stage_counts import StageCounts, StageView
from shoal.runs.why.job_reading import job_facts

SECONDS = 3.0
SECONDS_OF_LARGE = 20.0
"""Time between two readings of a large job. One is at most five requests, so these are one in four seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    pool: str = ""
    stages: tuple[StageView, ...] = ()
    nodes: NodeTally = NO_NODES
    node_hours: float = 0.0
    """Hours of the pool's nodes since the job began."""
    cost: float | None = None
    """Cost of the pool's nodes since the job began. None where the price is not known."""


class JobDetails:
    def __init__(self, services: Services, job_id: str) -> None:
        self._services, self._job_id = services, job_id
        self._stages: StageCounts | None = None
        self._pool_id = ""
        self._spent = Spent()
        self._read_at = 0.0
        self._due = float("-inf")
        self._details = Details()

    def on_snapshot(self, snapshot: Snapshot) -> Details:
        """Return the details, read again if the last time is long enough ago. An answer that fails is the last one."""
        ended = snapshot.counts.completed == snapshot.counts.total > 0
        if snapshot.at < self._due and not ended:
            return self._details
        self._due = snapshot.at + (SECONDS_OF_LARGE if snapshot.counts.total >= LARGE else SECONDS)
        # The service may be away, or the job gone: the watch notices that itself.
        with suppress(AzureError, BadInput):
            self._details = self._read(snapshot)
        return self._details

    def _read(self, snapshot: Snapshot) -> Details:
        batch = self._services.batch
        if self._stages is None:
            self._begin(snapshot)
        assert self._stages is not None
        passed = timedelta(seconds=snapshot.at - self._read_at)
        self._spent, self._read_at = self._spent.after(self._details.nodes, passed), snapshot.at
        price = _price(self._services.environment, self._pool_id)
        return Details(
            pool=self._pool_id,
            stages=self._stages.read(snapshot.counts),
            nodes=read_tally(batch, self._pool_id),
            node_hours=self._spent.hours,
            cost=None if price is None else self._spent.cost(price),
        )

    def _begin(self, snapshot: Snapshot) -> None:
        job = job_facts(self._services.batch.get_job(self._job_id))
        now = datetime.now(UTC)
        self._pool_id, self._read_at = job.pool_id, snapshot.at
        if job.ended is None:
            self._spent = spent_before(self._services.batch, job.pool_id, job.began or now, now)
        self._stages = StageCounts(self._services.batch, self._job_id, job.stages)


def _price(environment: Environment, pool_id: str) -> NodePrice | None:
    pool = environment.pool_of_id(pool_id)
    return None if pool is None else price_of(pool)
