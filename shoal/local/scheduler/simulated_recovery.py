"""Simulated nodes and their runs after a restart of the service: virtual time has gone on, so they go on, too."""

from typing import NamedTuple

import orjson

from shoal.local.scheduler.assignments import assignment
from shoal.local.scheduler.loop import Transaction
from shoal.local.simulation import pool_clock
from shoal.local.store.job import Job
from shoal.local.store.node import Node
from shoal.local.store.pool import Pool
from shoal.local.store.states import JobNodeTaskState, NodeState, StartTaskState, TaskState

AT_WORK = (NodeState.IDLE, NodeState.RUNNING, NodeState.OFFLINE)
"""States of nodes that have nothing but tasks to run; the others begin again."""


class RunningTask(NamedTuple):
    key: int
    attempt: int
    id: str
    definition: bytes
    job: int
    started: int


def go_on(tx: Transaction) -> set[str]:
    """Let simulated nodes go on with their tasks from where virtual time is. Return their ids.

    Left out are nodes with anything that has steps: multi-instance tasks, job preparation and release, a start task.
    """
    pools, jobs = dict[int, Pool](), dict[int, Job]()
    nodes = [node for node in _nodes(tx) if not _runs_start_task(node)]
    for node in nodes:
        if node.pool not in pools:
            pools[node.pool] = Pool.get(tx.connection, node.pool)
        _start(tx, node, pools[node.pool])
        for task in _tasks(tx, node):
            if task.job not in jobs:
                jobs[task.job] = Job.get(tx.connection, task.job)
            _run(tx, node, jobs[task.job], task)
    return {node.id for node in nodes}


def _nodes(tx: Transaction) -> list[Node]:
    sql = (
        "SELECT * FROM busy_nodes WHERE state IN (?, ?, ?) AND booted IS NOT NULL AND boot_due IS NULL"
        " AND id NOT IN (SELECT node FROM job_node_tasks WHERE state = ?)"
        " AND id NOT IN (SELECT allocations.node FROM allocations LEFT JOIN tasks ON tasks.key = allocations.task"
        "  AND tasks.attempt = allocations.attempt WHERE tasks.state IS NOT ?"
        "  OR allocations.task IN (SELECT task FROM multi_instance_tasks))"
    )
    nodes = tx.all(Node.from_row, sql, *AT_WORK, JobNodeTaskState.RUNNING, TaskState.RUNNING)
    return [node for node in nodes if pool_clock.is_simulated(node.id)]


def _runs_start_task(node: Node) -> bool:
    info = node.start_task_info
    return info is not None and orjson.loads(info)["state"] == StartTaskState.RUNNING


def _tasks(tx: Transaction, node: Node) -> list[RunningTask]:
    sql = (
        "SELECT tasks.key, tasks.attempt, tasks.id, definition, job, started FROM allocations"
        " JOIN tasks ON tasks.key = allocations.task WHERE allocations.node = ?"
    )
    return tx.all(RunningTask._make, sql, node.id)


def _start(tx: Transaction, node: Node, pool: Pool) -> None:
    setup = {
        "key": node.key,
        "dedicated": node.dedicated,
        "simulation": pool_clock.of_pool(pool),
        "start_task": None,
        "start_task_fails": False,
        "booted": node.booted,
    }
    tx.then(lambda agents: agents.start(node.id, node.boots, setup))


def _run(tx: Transaction, node: Node, job: Job, task: RunningTask) -> None:
    message = assignment(tx, job, job.body(), task)
    tx.tell(node.id, {"run": [{**message, "started": task.started}]})
