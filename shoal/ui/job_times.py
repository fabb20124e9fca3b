"""When the tasks of a job ran, and on which nodes: the charts of the report, from a bounded number of tasks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

from shoal.connect import Services
from shoal.jobs.barrier_ids import is_barrier
from shoal.report import chart
from shoal.report.chart import Chart
from shoal.report.histogram import histogram
from shoal.report.node_use import Cost, NodeUse, cost, node_uses
from shoal.report.reading import COLUMNS, task_record
from shoal.report.record import JobState, PoolRecord, Record, TaskRecord
from shoal.report.timeline import timeline
from shoal.runs.job_queries import ENDED, ended_since
from shoal.runs.why.evidence import JobFacts
from shoal.ui.done_lines import Moments, moments_of_ends

MOST_TASKS = 2000
"""Tasks that are read: two pages. The client of Batch takes a millisecond to parse one."""
LATEST = timedelta(minutes=10)
"""The time whose tasks are read of a job that has more."""
SHOWN_NODES = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRow:
    node: str
    tasks: int
    failed: int
    busy_seconds: float
    held_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class JobTimes:
    tasks: int
    """Tasks that were read."""
    is_all: bool
    """False where only tasks that ended lately were read."""
    running: Chart | None
    """The number of tasks that ran at a time. None where no task has begun."""
    rows: Chart | None
    durations: Chart
    nodes: Sequence[NodeRow]
    more_nodes: int
    done: Moments
    """The tasks that have ended over time. Empty where only some of the tasks were read."""
    cost: Cost | None
    """The cost of the nodes that ran tasks; None where only some of the tasks were read."""


def read_times(services: Services, job: JobFacts, total: int) -> JobTimes:
    """Read the tasks of a job, or those that ended last where it has many."""
    is_all = total <= MOST_TASKS
    listed = services.batch.list_tasks(job.id, filter=None if is_all else _latest(job), select=COLUMNS)
    tasks = [
        task_record(task, job.id, job.stages) for task in islice(listed, MOST_TASKS) if not is_barrier(str(task.id))
    ]
    return job_times(_record(services, job, tasks), is_all=is_all)


def job_times(record: Record, *, is_all: bool) -> JobTimes:
    uses = node_uses(record)
    times = timeline(record, uses)
    return JobTimes(
        tasks=len(record.tasks),
        is_all=is_all,
        running=chart.area(times) if times else None,
        rows=chart.rows(times) if times else None,
        durations=chart.bars(histogram(task.duration for task in record.tasks)),
        nodes=list(map(_node, uses[:SHOWN_NODES])),
        more_nodes=max(0, len(uses) - SHOWN_NODES),
        done=moments_of_ends([task.ended for task in record.tasks if task.ended]) if is_all else [],
        cost=cost(record, uses) if is_all else None,
    )


def _latest(job: JobFacts) -> str:
    since = (job.ended or datetime.now(UTC)) - LATEST
    return f"{ENDED} and {ended_since(since)}"


def _record(services: Services, job: JobFacts, tasks: Sequence[TaskRecord]) -> Record:
    pool = services.environment.pool_of_id(job.pool_id)
    return Record(
        run_id="",
        run_name="",
        read_at=datetime.now(UTC),
        jobs=[JobState(id=job.id, state=job.state)],
        pool=PoolRecord(
            id=job.pool_id,
            vm_size=pool.vm_size if pool else "",
            slots_per_node=pool.task_slots_per_node if pool else 1,
        ),
        tasks=tasks,
        stages=list(job.stages),
    )


def _node(use: NodeUse) -> NodeRow:
    return NodeRow(
        node=use.node,
        tasks=use.tasks,
        failed=use.failed,
        busy_seconds=use.busy.total_seconds(),
        held_seconds=use.held.total_seconds(),
    )
