"""Pools that are made for a job, or for all jobs of a schedule, and deleted after it.

Source: REST reference, AutoPoolSpecification; the form of the ids as recorded.
"""

import uuid
from dataclasses import replace
from typing import Any

from shoal.local.scheduler import job_lifecycle, pool_lifecycle, quotas
from shoal.local.scheduler.job_lifecycle import JobDefinition
from shoal.local.scheduler.loop import Transaction
from shoal.local.scheduler.pool_lifecycle import PoolDefinition
from shoal.local.store.pool import Pool
from shoal.local.store.queries import integer, text
from shoal.local.store.states import JobScheduleState, JobState, PoolState

OF_SCHEDULE = "jobschedule"
"""The `poolLifetimeOption` of a pool that all jobs of a schedule share."""


def add_job(tx: Transaction, account: str, definition: JobDefinition, *, schedule: int | None = None) -> int:
    """Add a job, after the pool that its definition asks for. Return its key. Raises BatchError."""
    specification = definition.auto_pool
    if specification is None:
        return job_lifecycle.add(tx, account, definition)
    # Before the pool is made, which would stay without the job.
    quotas.require_room_for_job(tx, account)
    shared = schedule if specification["poolLifetimeOption"] == OF_SCHEDULE else None
    if (pool_id := _shared_pool(tx, shared)) is not None:
        return job_lifecycle.add(tx, account, replace(definition, pool_id=pool_id))
    pool = _add_pool(tx, account, specification)
    job = job_lifecycle.add(tx, account, replace(definition, pool_id=pool.id))
    if not specification["keepAlive"]:
        tx.run("INSERT INTO auto_pools VALUES (?, ?, ?)", pool.key, job if shared is None else None, shared)
    return job


def _shared_pool(tx: Transaction, schedule: int | None) -> str | None:
    """Return the id of the pool that the schedule's earlier jobs have had."""
    sql = "SELECT id FROM auto_pools JOIN pools ON pools.key = auto_pools.pool WHERE schedule = ? AND state = ?"
    return tx.one(text, sql, schedule, PoolState.ACTIVE)


def _add_pool(tx: Transaction, account: str, specification: dict[str, Any]) -> Pool:
    prefix = specification.get("autoPoolIdPrefix")
    unique = str(uuid.uuid4()).upper()
    pool_id = f"{prefix}_{unique}" if prefix else unique
    definition = PoolDefinition(id=pool_id, body={**specification["pool"], "id": pool_id})
    return Pool.get(tx.connection, pool_lifecycle.add(tx, account, definition))


def delete_unneeded(tx: Transaction) -> None:
    """Delete the pools whose job or schedule has ended or is gone."""
    sql = (
        "SELECT pool FROM auto_pools JOIN pools ON pools.key = auto_pools.pool"
        " WHERE state = ? AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.key = auto_pools.job AND jobs.state != ?)"
        " AND NOT EXISTS (SELECT 1 FROM job_schedules AS s WHERE s.key = auto_pools.schedule AND s.state != ?)"
    )
    for key in tx.all(integer, sql, PoolState.ACTIVE, JobState.COMPLETED, JobScheduleState.COMPLETED):
        pool_lifecycle.begin_delete(tx, Pool.get(tx.connection, key))
