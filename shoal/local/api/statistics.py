"""Statistics of tasks, jobs and job schedules, gathered from the tasks when a client asks for them.

Source: azure-batch 15.1, BatchTaskStatistics, BatchJobStatistics and BatchJobScheduleStatistics. There is no
processor time and no input and output in them, since nothing measures these here.
"""

import sqlite3
from collections.abc import Sequence
from typing import Any, NamedTuple

from shoal.local import times
from shoal.local.api.calls import Call
from shoal.local.api.selection import selected_names
from shoal.local.store.states import TaskState
from shoal.local.store.task import Task

STATISTICS = "stats"

SUMS = (
    "count(*) FILTER (WHERE result = 'success'), count(*) FILTER (WHERE result = 'failure'),"
    # SQLite's max of two values: the clock may have been set back.
    " sum(retry_count), ifnull(sum(max(ifnull(ended, ?1) - started, 0)) FILTER (WHERE tasks.state != 'active'), 0),"
    " ifnull(sum(max(started - tasks.created, 0)) FILTER (WHERE tasks.state != 'active'), 0)"
)
OF_JOBS = f"SELECT job, {SUMS} FROM tasks WHERE job IN ({{keys}}) GROUP BY job"
OF_SCHEDULES = (
    f"SELECT schedule, {SUMS} FROM scheduled_jobs JOIN tasks ON tasks.job = scheduled_jobs.job"
    " WHERE schedule IN ({keys}) GROUP BY schedule"
)


class Sums(NamedTuple):
    """The sums over the tasks of a job, or of the jobs of a schedule. Times in microseconds."""

    key: int
    """The job's, or the schedule's."""
    succeeded: int = 0
    failed: int = 0
    retries: int = 0
    wall_clock: int = 0
    wait: int = 0


class Entity(NamedTuple):
    """A job or a schedule, and the view that gets its statistics."""

    key: int
    created: int
    view: dict[str, Any]


def wanted(call: Call) -> bool:
    """Return True where the client asks for statistics, in either of the two ways."""
    return "$expand" in call.query or STATISTICS in selected_names(call.query.get("$select", ""))


async def add_to_jobs(call: Call, entities: Sequence[Entity]) -> None:
    await _add(call, entities, OF_JOBS)


async def add_to_schedules(call: Call, entities: Sequence[Entity]) -> None:
    await _add(call, entities, OF_SCHEDULES)


async def _add(call: Call, entities: Sequence[Entity], sql: str) -> None:
    if not wanted(call) or not entities:
        return
    now = times.now()
    keys = [entity.key for entity in entities]
    marks = ", ".join(f"?{number}" for number in range(2, len(keys) + 2))
    # Apart: a job may have a million tasks.
    rows = await call.service.read_apart(_sums, sql.format(keys=marks), now, *keys)
    sums = {row.key: row for row in rows}
    for entity in entities:
        entity.view[STATISTICS] = _of_many(entity, sums.get(entity.key, Sums(entity.key)), now)


def _sums(row: sqlite3.Row) -> Sums:
    return Sums(*row)


def _of_many(entity: Entity, sums: Sums, now: int) -> dict[str, Any]:
    return {
        **span(entity.view["url"], entity.created, now),
        "wallClockTime": times.iso_duration(sums.wall_clock),
        "waitTime": times.iso_duration(sums.wait),
        # Text, as in Azure: the numbers may exceed those of JavaScript.
        "numSucceededTasks": str(sums.succeeded),
        "numFailedTasks": str(sums.failed),
        "numTaskRetries": str(sums.retries),
    }


def add_to_task(call: Call, task: Task, view: dict[str, Any]) -> None:
    """Add the statistics of the run of a task that is on a node or has ended."""
    if task.started is None or task.state is TaskState.ACTIVE or not wanted(call):
        return
    now = times.now()
    view[STATISTICS] = {
        **span(view["url"], task.created, now),
        "wallClockTime": times.iso_duration(max(0, (task.ended or now) - task.started)),
        "waitTime": times.iso_duration(max(0, task.started - task.created)),
    }


def span(url: str, since: int, now: int) -> dict[str, str]:
    """Return the properties that all statistics have."""
    return {"url": f"{url}/stats", "startTime": times.iso(since), "lastUpdateTime": times.iso(now)}
