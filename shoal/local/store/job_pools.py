"""The pools that a job has named one after another."""

import sqlite3
from dataclasses import dataclass
from typing import Self

from shoal.local.store.job import Job
from shoal.local.store.queries import every


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPools:
    latest: str
    former: tuple[tuple[int, str], ...]
    """Until when the job named which pool, the earliest first."""

    @classmethod
    def of(cls, connection: sqlite3.Connection, job: Job) -> Self:
        """Return the pools of a job. One that is as it was made has had no other pool, and costs no query."""
        if job.last_modified == job.created:
            return cls(latest=job.pool_id, former=())
        sql = "SELECT until, pool_id FROM former_pools WHERE job = ? ORDER BY until"
        return cls(latest=job.pool_id, former=tuple(every(connection, tuple, sql, job.key)))

    def at(self, moment: int) -> str:
        """Return the pool that the job named then. Tasks that run name the latest: only disabled jobs change pools."""
        return next((pool_id for until, pool_id in self.former if moment <= until), self.latest)
