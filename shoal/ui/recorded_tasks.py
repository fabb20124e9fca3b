"""The tasks of a finished job on a pool, as Batch recorded them, and the nodes that ran them over time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from azure.batch.models import BatchTask

from shoal.connect import Services
from shoal.errors import BadInput
from shoal.jobs.barrier_ids import is_barrier
from shoal.runs.job_queries import ENDED

MOST_TASKS = 2000
"""Tasks that are read: two pages."""
MOST_JOBS = 10
"""The latest jobs of the pool, among which one with tasks that have ended is looked for."""
COLUMNS = ["id", "creationTime", "executionInfo", "nodeInfo", "requiredSlots"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedTask:
    """A task that has run to its end, whatever its result."""

    created: datetime
    started: datetime
    ended: datetime
    node: str
    slots: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedJob:
    id: str
    tasks: Sequence[RecordedTask]
    has_more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tasks and nodes at one second since the first task was created."""

    second: int
    running: int
    nodes: int


def latest_job(services: Services, pool_id: str) -> RecordedJob:
    """Return the latest job of the pool with tasks that have ended. Raises BadInput where there is none."""
    listed = services.batch.list_jobs(filter=f"executionInfo/poolId eq '{pool_id}'", select=["id", "creationTime"])
    jobs = sorted(islice(listed, 1000), key=lambda job: job.creation_time.timestamp(), reverse=True)
    for job in jobs[:MOST_JOBS]:
        tasks = services.batch.list_tasks(str(job.id), filter=ENDED, select=COLUMNS)
        read = list(islice(tasks, MOST_TASKS + 1))
        recorded = [one for task in read[:MOST_TASKS] if (one := _recorded(task)) is not None]
        if recorded:
            return RecordedJob(id=str(job.id), tasks=recorded, has_more=len(read) > MOST_TASKS)
    raise BadInput("no task of the pool's latest jobs has ended: there is nothing recorded to try a formula on")


def usage(tasks: Sequence[RecordedTask], seconds: Sequence[int]) -> list[Usage]:
    """Return what ran at these seconds. A node counts from the start of its first task to the end of its last."""
    begin = min(task.created for task in tasks)
    spans = [(task.started, task.ended) for task in tasks]
    nodes = node_spans(tasks)
    moments = [(second, begin + timedelta(seconds=second)) for second in seconds]
    return [
        Usage(
            second=second,
            running=sum(start <= at < end for start, end in spans),
            nodes=sum(start <= at < end for start, end in nodes),
        )
        for second, at in moments
    ]


def node_spans(tasks: Sequence[RecordedTask]) -> list[tuple[datetime, datetime]]:
    spans: dict[str, tuple[datetime, datetime]] = {}
    for task in tasks:
        start, end = spans.get(task.node, (task.started, task.ended))
        spans[task.node] = min(start, task.started), max(end, task.ended)
    return list(spans.values())


def _recorded(task: BatchTask) -> RecordedTask | None:
    info = task.execution_info
    if info is None or is_barrier(str(task.id)):
        return None
    if task.creation_time is None or info.start_time is None or info.end_time is None:
        return None
    return RecordedTask(
        created=task.creation_time,
        started=info.start_time,
        ended=info.end_time,
        node=(task.node_info.node_id if task.node_info else None) or "",
        slots=task.required_slots or 1,
    )
