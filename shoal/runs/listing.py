"""Jobs, tasks and nodes as the rows that lists show."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from azure.batch import BatchClient
from azure.batch.models import BatchJob, BatchTask
from azure.core.exceptions import ResourceNotFoundError

from shoal.connect import plain_word
from shoal.environment import Environment, Pool
from shoal.errors import BadInput
from shoal.nodes.pool_nodes import PoolNode, PoolNodes, read_pool
from shoal.nodes.problem import problem
from shoal.runs.job_queries import FAILED
from shoal.runs.unknown_ids import unknown_job
from shoal.runs.why.causes import reason
from shoal.runs.why.failed_tasks import failed_task
from shoal.runs.why.obstacles import Obstacles
from shoal.suggestion import suggestion

TASK_COLUMNS = ["id", "state", "executionInfo", "nodeInfo", "constraints"]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRow:
    id: str
    state: str | None
    pool: str
    created: datetime | None
    ended: datetime | None
    reason: str | None
    """The reason for its end, in Batch's words."""
    waits_for: str | None
    """The reason why waiting tasks of it would not run, as far as the job and its pool show it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRow:
    id: str
    state: str | None
    result: str | None
    exit_code: int | None
    failure: str | None
    """The error code of Batch, such as FailureExitCode."""
    retries: int
    started: datetime | None
    ended: datetime | None
    node: str | None
    reason: str | None
    """The cause of a failure in one clause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRow:
    pool: str
    id: str
    state: str | None
    spot: bool
    running_tasks: int
    running_slots: int
    tasks_run: int
    start_task: str | None
    """`success`, `failure`, `running`, or None without a start task."""
    old_start_task: bool
    """The pool has another start task by now."""
    problem: str | None
    """The reason why it can do no work."""


def jobs(client: BatchClient) -> Iterator[JobRow]:
    """List the jobs. Two lists, also for many jobs: their tasks are not counted."""
    obstacles = Obstacles(client)
    columns = ["id", "state", "creationTime", "executionInfo", "poolInfo"]
    return (_job_row(job, obstacles) for job in client.list_jobs(select=columns))


def tasks(client: BatchClient, job_id: str, *, state: str | None, failed: bool, limit: int | None) -> Iterator[TaskRow]:
    """List tasks of a job. Raises BadInput where there is no such job."""
    listed = client.list_tasks(job_id, filter=task_filter(state=state, failed=failed), select=TASK_COLUMNS)
    try:
        yield from map(task_row, itertools.islice(listed, limit))
    except ResourceNotFoundError as exc:
        raise unknown_job(client, job_id) from exc


def task_filter(*, state: str | None, failed: bool, start: str = "") -> str | None:
    """Return the filter of tasks by their state, their failure and the beginning of their ids; None for all tasks."""
    terms = [f"state eq '{state}'"] if state else []
    terms += [FAILED] if failed else []
    quoted = start.replace("'", "''")
    terms += [f"startswith(id,'{quoted}')"] if start else []
    return " and ".join(terms) or None


def finished_tasks(client: BatchClient, job_id: str) -> Iterator[BatchTask]:
    """List the completed tasks of a job, with what a simulation needs. Raises BadInput where there is no such job."""
    columns = ["id", "creationTime", "executionInfo", "requiredSlots"]
    try:
        yield from client.list_tasks(job_id, filter="state eq 'completed'", select=columns)
    except ResourceNotFoundError as exc:
        raise unknown_job(client, job_id) from exc


def nodes(client: BatchClient, environment: Environment, pool: str | None) -> Iterator[NodeRow]:
    """List the nodes of one pool, by its name in the stack, or of all its pools."""
    for name in requested_pools(environment, pool):
        nodes_of_pool = read_pool(client, environment.pools[name].id)
        for node in nodes_of_pool.nodes:
            yield _node_row(name, nodes_of_pool, node)


def requested_pools(environment: Environment, pool: str | None) -> list[str]:
    """Return the name of the pool, or all names where none is given. Raises BadInput for an unknown one."""
    if pool is not None:
        requested_pool(environment, pool)
    return [pool] if pool else list(environment.pools)


def requested_pool(environment: Environment, name: str) -> Pool:
    """Return the pool of the stack. Raises BadInput for an unknown one."""
    if name not in environment.pools:
        known = suggestion(name, environment.pools)
        raise BadInput(f"the stack '{environment.stack}' has no pool '{name}'; {known}")
    return environment.pools[name]


def no_such_pool(pool: str) -> BadInput:
    """Return the error about a pool of the stack that Batch does not have."""
    return BadInput(f"Batch has no pool '{pool}'; `shoal up` makes it")


def _job_row(job: BatchJob, obstacles: Obstacles) -> JobRow:
    execution = job.execution_info
    return JobRow(
        id=str(job.id),
        state=plain_word(job.state),
        pool=str(execution.pool_id or job.pool_info.pool_id if execution else job.pool_info.pool_id),
        created=job.creation_time,
        ended=execution.end_time if execution else None,
        reason=execution.termination_reason if execution else None,
        waits_for=obstacles.of(job),
    )


def task_row(task: BatchTask) -> TaskRow:
    execution = task.execution_info
    failure = execution.failure_info if execution else None
    return TaskRow(
        id=str(task.id),
        state=plain_word(task.state),
        result=plain_word(execution.result) if execution else None,
        exit_code=execution.exit_code if execution else None,
        failure=failure.code if failure else None,
        retries=execution.retry_count if execution else 0,
        started=execution.start_time if execution else None,
        ended=execution.end_time if execution else None,
        node=task.node_info.node_id if task.node_info else None,
        reason=reason(failed_task(task)) if failure else None,
    )


def _node_row(name: str, pool: PoolNodes, node: PoolNode) -> NodeRow:
    return NodeRow(
        pool=name,
        id=node.id,
        state=node.state,
        spot=node.is_spot,
        running_tasks=node.running_tasks,
        running_slots=node.running_slots,
        tasks_run=node.tasks_run,
        start_task=node.start_task_result,
        old_start_task=pool.has_old_start_task(node),
        problem=problem(node) or None,
    )
