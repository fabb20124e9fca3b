"""Chooses the running tasks that wait again so that tasks of jobs with a higher priority can run.

Source: azure-batch 15.1, BatchJob, allowTaskPreemption: jobs of higher priority take precedence and requeue tasks of a
job that allows it. Azure does not document which of its tasks go: here those of the lowest priority, and of these the
latest ones, which lose the least.
"""

import sqlite3
from collections.abc import Iterable, Set
from dataclasses import dataclass, field
from itertools import takewhile
from typing import NamedTuple

from shoal.local.scheduler.loop import Transaction
from shoal.local.scheduler.task_lifecycle import Running
from shoal.local.store.states import NodeState


class Preemptible(NamedTuple):
    """A running task that may have to wait again."""

    task: Running
    slots: int
    priority: int


class Demand(NamedTuple):
    """A waiting task that no free slots could be found for."""

    slots: int
    priority: int
    refused: Set[str] = frozenset()
    """Nodes that it must not run on."""


@dataclass(slots=True)
class OccupiedNode:
    node: str
    free: int
    """Slots that are free, or will be when what is being ended has ended."""
    preemptible: list[Preemptible] = field(default_factory=list)
    """In the order in which they have to go."""


def preemptions(nodes: list[OccupiedNode], demands: Iterable[Demand]) -> list[Running]:
    """Return the tasks that have to wait again for the demands, which come in the order of the queue."""
    chosen: list[Running] = []
    for demand in demands:
        choices = [(node, going) for node in nodes if (going := _going(node, demand)) is not None]
        if choices:
            node, going = min(choices, key=lambda choice: _loss(choice[1]))
            node.free += sum(task.slots for task in going) - demand.slots
            del node.preemptible[: len(going)]
            chosen += [task.task for task in going]
            _leave_other_nodes(nodes, {task.task.key for task in going})
    return chosen


def _leave_other_nodes(nodes: list[OccupiedNode], tasks: Set[int]) -> None:
    """Take tasks that have to go off every node: those with instances are on several."""
    for node in nodes:
        going = [task for task in node.preemptible if task.task.key in tasks]
        node.free += sum(task.slots for task in going)
        node.preemptible = [task for task in node.preemptible if task.task.key not in tasks]


def _going(node: OccupiedNode, demand: Demand) -> list[Preemptible] | None:
    """Return the tasks that would have to go from the node, or None where the demand cannot be met there."""
    if node.node in demand.refused:
        return None
    going, free = [], node.free
    for task in takewhile(lambda task: task.priority < demand.priority, node.preemptible):
        if free >= demand.slots:
            break
        going.append(task)
        free += task.slots
    return going if free >= demand.slots else None


def _loss(going: list[Preemptible]) -> tuple[int, int]:
    """Order choices: nothing lost first, then tasks of low priority, then few slots."""
    if not going:
        return -(1 << 62), 0
    return max(task.priority for task in going), sum(task.slots for task in going)


def lowest_priority(tx: Transaction, account: str, pool_id: str) -> int | None:
    """Return the lowest priority of the pool's jobs that allow preemption, or None where none does."""
    return tx.one(
        _priority,
        # CROSS: from the few jobs that allow it, not from all of the pool's.
        "SELECT min(priority) FROM preemptible_jobs CROSS JOIN jobs ON jobs.key = preemptible_jobs.job"
        " WHERE account = ? AND pool_id = ?",
        account,
        pool_id,
    )


def _priority(row: sqlite3.Row) -> int | None:
    return None if row[0] is None else int(row[0])


def occupied_nodes(tx: Transaction, pool: int, slots_per_node: int) -> list[OccupiedNode]:
    """Return the nodes of a pool that take tasks."""
    nodes: dict[str, OccupiedNode] = {}
    # A slot whose task is not on its node any more, or runs there in another attempt, will be free soon.
    rows = tx.connection.execute(
        "SELECT nodes.id, allocations.slots, tasks.key, tasks.attempt, requeue_count, tasks.state, priority,"
        " tasks.state = 'running' AND preemptible_jobs.job IS NOT NULL"
        " FROM nodes LEFT JOIN allocations ON allocations.node = nodes.id"
        " LEFT JOIN tasks ON tasks.key = allocations.task AND tasks.attempt = allocations.attempt"
        " AND tasks.state IN ('preparing', 'running') LEFT JOIN jobs ON jobs.key = tasks.job"
        " LEFT JOIN preemptible_jobs ON preemptible_jobs.job = tasks.job"
        " WHERE pool = ? AND nodes.state IN (?, ?) AND NOT draining"
        " AND nodes.key NOT IN (SELECT node FROM unscheduled_nodes) ORDER BY priority, tasks.started DESC",
        (pool, NodeState.IDLE, NodeState.RUNNING),
    )
    for node, slots, key, attempt, requeue_count, state, priority, preemptible in rows:
        occupied = nodes.setdefault(node, OccupiedNode(node, slots_per_node))
        if key is None:
            continue
        occupied.free -= slots
        # Without slots only its files are still uploaded, which makes no room for others.
        if preemptible and slots:
            task = Running(key, attempt, node, requeue_count, state)
            occupied.preemptible.append(Preemptible(task, slots, priority))
    return list(nodes.values())
