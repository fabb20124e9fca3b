"""Obstacles to the tasks of many jobs at once, read from the jobs and one list of pools: no request for each job."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property

from azure.batch import BatchClient
from azure.batch.models import BatchJob

from shoal.runs.progress import Counts
from shoal.runs.why.decision import OF_JOB_AND_POOL
from shoal.runs.why.evidence import Evidence, JobFacts, PoolFacts
from shoal.runs.why.job_reading import job_facts
from shoal.runs.why.pool_reading import COLUMNS, pool_facts

ONE_WAITS = Counts(active=1)
"""Tasks are not counted here: the reason is that of a task which would wait."""


class Obstacles:
    """The pools are listed once, and each is looked at once."""

    def __init__(self, client: BatchClient) -> None:
        self._client = client
        self._known: dict[tuple[str, str], str | None] = {}

    def of(self, job: BatchJob) -> str | None:
        """Return what keeps waiting tasks of the job from running, or None."""
        facts = job_facts(job)
        if facts.is_over:
            return None
        key = facts.state, facts.pool_id.lower()
        if key not in self._known:
            self._known[key] = self._sentence(facts)
        return self._known[key]

    def _sentence(self, job: JobFacts) -> str | None:
        evidence = Evidence(now=datetime.now(UTC), job=job, counts=ONE_WAITS)
        evidence = replace(evidence, pool=self._pools.get(job.pool_id.lower()))
        return next((found.sentence for row in OF_JOB_AND_POOL if (found := row.find(evidence))), None)

    @cached_property
    def _pools(self) -> dict[str, PoolFacts]:
        """All pools of the account by their ids in lower case, as Batch compares them."""
        return {str(pool.id).lower(): pool_facts(pool) for pool in self._client.list_pools(select=COLUMNS)}
