"""Multi-instance tasks: each of their instances runs on another node, all of them at the same time.

The coordination command runs on every node. Once it has ended well on all of them, the task's own command runs on the
node of the primary. The end of the primary, or the failure of any instance, ends all of them.
Source: "Use multi-instance tasks to run MPI applications in Batch".
"""

from collections.abc import Sequence, Set
from typing import Any, NamedTuple

import orjson

from shoal.local.scheduler.assignments import AssignedJob, PlacedTask, assignment
from shoal.local.scheduler.loop import Transaction
from shoal.local.scheduler.verdicts import Ending, failure_info, task_ended_failure
from shoal.local.store.queries import integer, text
from shoal.local.store.states import NodeState, SubtaskState, TaskResult

SETTINGS = "multiInstanceSettings"


class Instance(NamedTuple):
    number: int
    """0 is the primary."""
    node: str


def obtainable_nodes(tx: Transaction, pool: int, slots_per_node: int, refused: Set[str]) -> int:
    """Return how many nodes of a pool an instance can have at most: none where tasks with instances never run.

    Source: "Use multi-instance tasks to run MPI applications in Batch"; on such a pool the task stays active for ever.
    """
    sql = "SELECT 1 FROM pools WHERE key = ? AND json_extract(definition, '$.enableInterNodeCommunication')"
    if slots_per_node > 1 or not tx.exists(sql, pool):
        return 0
    sql = (
        "SELECT id FROM nodes WHERE pool = ? AND state IN (?, ?) AND NOT draining"
        " AND key NOT IN (SELECT node FROM unscheduled_nodes)"
    )
    return len(set(tx.all(text, sql, pool, NodeState.IDLE, NodeState.RUNNING)) - refused)


def is_one(tx: Transaction, task: int) -> bool:
    return tx.exists("SELECT 1 FROM multi_instance_tasks WHERE task = ?", task)


def add(tx: Transaction, task: int, job: int, settings: dict[str, Any]) -> None:
    tx.run("INSERT INTO multi_instance_tasks VALUES (?, ?, ?)", task, job, settings["numberOfInstances"])


def delete(tx: Transaction, task: int) -> set[str]:
    """Forget the instances of a task, where it has some. Return the nodes of its latest run."""
    nodes = set(tx.all(text, "SELECT node FROM subtasks WHERE task = ?", task))
    # With its subtasks.
    tx.run("DELETE FROM multi_instance_tasks WHERE task = ?", task)
    return nodes


def begin(tx: Transaction, task: PlacedTask, nodes: Sequence[str], unprepared: Set[str]) -> None:
    """Record where the instances of a task are that has just been placed; the first node is the primary's."""
    tx.run("DELETE FROM subtasks WHERE task = ?", task.key)
    for number, node in enumerate(nodes):
        tx.run(
            "INSERT INTO subtasks (task, number, attempt, node, state, state_time, started)"
            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
            task.key,
            number,
            task.attempt,
            node,
            SubtaskState.PREPARING if node in unprepared else SubtaskState.RUNNING,
            tx.now,
        )


def start(tx: Transaction, job: AssignedJob, job_body: dict[str, Any], task: PlacedTask) -> None:
    """Send a task to the nodes of its instances."""
    sql = "SELECT number, node FROM subtasks WHERE task = ? ORDER BY number"
    instances = tx.all(Instance._make, sql, task.key)
    message = assignment(tx, job, job_body, task)
    shared = _shared(tx, task, instances)
    for number, node in instances:
        tx.tell(node, {"run": [{**message, "instance": {**shared, "number": number}}]})


def _shared(tx: Transaction, task: PlacedTask, instances: Sequence[Instance]) -> dict[str, Any]:
    """Return the part of the assignments that is the same on all nodes."""
    settings = orjson.loads(task.definition)[SETTINGS]
    address = "SELECT ip_address FROM nodes WHERE id = ?"
    return {
        "addresses": [tx.one(text, address, node) for _, node in instances],
        "command_line": settings["coordinationCommandLine"],
        "resource_files": settings.get("commonResourceFiles", ()),
    }


def on_prepared(tx: Transaction, task: int, node: str) -> bool:
    """Note that the job's preparation has ended on a node. Return True where it has on all nodes of the task."""
    tx.run(
        "UPDATE subtasks SET previous_state = state, previous_state_time = state_time, state = ?1, state_time = ?2,"
        " started = ?2 WHERE task = ?3 AND node = ?4",
        SubtaskState.RUNNING,
        tx.now,
        task,
        node,
    )
    return not tx.exists("SELECT 1 FROM subtasks WHERE task = ? AND state = ?", task, SubtaskState.PREPARING)


def on_coordinated(tx: Transaction, node: str, key: int, attempt: int, ended: int) -> None:
    """Note that a coordination command has ended well on a node; after the last one the primary goes on."""
    end_instance(tx, node, key, attempt, Ending(ended=ended, exit_code=0))
    sql = "SELECT 1 FROM subtasks WHERE task = ? AND (attempt != ? OR result IS NOT ?)"
    if tx.exists(sql, key, attempt, TaskResult.SUCCESS):
        return
    # A task that has been completed or waits again is being killed on all of its nodes.
    sql = "SELECT node FROM tasks WHERE key = ? AND attempt = ? AND state = 'running'"
    for primary in tx.all(text, sql, key, attempt):
        tx.tell(primary, {"proceed": [key, attempt]})


def end_instance(tx: Transaction, node: str, key: int, attempt: int, ending: Ending) -> int | None:
    """Complete an instance. Return its number, or None where it is not one that still runs."""
    success = ending.exit_code == 0 and ending.failure is None
    return tx.one(
        integer,
        "UPDATE subtasks SET previous_state = state, previous_state_time = state_time, state = ?1, state_time = ?2,"
        " ended = ?3, exit_code = ?4, result = ?5, failure = ?6"
        " WHERE task = ?7 AND attempt = ?8 AND node = ?9 AND state != ?1 RETURNING number",
        SubtaskState.COMPLETED,
        tx.now,
        ending.ended,
        ending.exit_code,
        TaskResult.SUCCESS if success else TaskResult.FAILURE,
        None if success else orjson.dumps(failure_info(ending)),
        key,
        attempt,
        node,
    )


class PlacedInstance(NamedTuple):
    """A multi-instance task on one of its nodes."""

    key: int
    attempt: int
    node: str
    state: str | None
    """The task's state; None where it has been deleted or has a later attempt."""


def on_other_nodes(tx: Transaction, node: str) -> list[PlacedInstance]:
    """Return the instances on other nodes whose tasks have one on this node."""
    return tx.all(
        PlacedInstance._make,
        "SELECT other.task, other.attempt, other.node, tasks.state FROM allocations"
        " JOIN allocations AS other ON other.task = allocations.task AND other.attempt = allocations.attempt"
        " AND other.node != allocations.node"
        " LEFT JOIN tasks ON tasks.key = allocations.task AND tasks.attempt = allocations.attempt"
        " WHERE allocations.node = ?",
        node,
    )


def lose_instances(tx: Transaction, node: str) -> None:
    """Complete the instances of multi-instance tasks on a node that is gone or going."""
    tx.run(
        "UPDATE subtasks SET previous_state = state, previous_state_time = state_time, state = ?1, state_time = ?2,"
        " ended = ?2, result = ?3, failure = ?4 WHERE node = ?5 AND state != ?1",
        SubtaskState.COMPLETED,
        tx.now,
        TaskResult.FAILURE,
        orjson.dumps(task_ended_failure("The subtask was ended because its node was lost")),
        node,
    )
