"""The tasks that run on a node or were the last to end there, as the node shows them.

Source: azure-batch 15.1, BatchNode, recentTasks, and BatchTaskInfo. Neither their number nor their order is documented.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from shoal.local.api.calls import Call
from shoal.local.api.selection import selected_names
from shoal.local.api.tasks import execution_info
from shoal.local.store.node import Node
from shoal.local.store.subtask import Subtask
from shoal.local.store.task import Task

PROPERTY = "recentTasks"
LISTED = "IN (SELECT value FROM json_each(?))"
"""One parameter for as many values as a page of nodes has."""


def add_recent_tasks(call: Call, nodes: Sequence[Node], views: Sequence[dict[str, Any]]) -> None:
    """Add `recentTasks` to the views of nodes on which a task has run; the latest task comes first.

    Those who watch a pool list its nodes again and again without this property, which costs them nothing then.
    """
    selection = call.query.get("$select")
    if selection and PROPERTY not in selected_names(selection):
        return
    shown = _task_keys(call, nodes)
    keys = {key for keys in shown.values() for key in keys}
    sql = f"SELECT * FROM tasks WHERE key {LISTED}"
    tasks = {task.key: task for task in call.service.read(Task.from_row, sql, _list(keys))}
    sql = f"SELECT key, id FROM jobs WHERE key {LISTED}"
    numbers = {(s.node, s.task): s.number for s in Subtask.on_nodes(call.service.connection, shown)}
    jobs = dict(call.service.read(tuple, sql, _list({task.job for task in tasks.values()})))
    for node, view in zip(nodes, views, strict=True):
        # A task may have run again since, on another node; a job is missing while it is just being deleted.
        own = [
            task
            for key in sorted(shown[node.id])
            if (task := tasks.get(key)) and task.job in jobs and (task.node == node.id or (node.id, key) in numbers)
        ]
        own.sort(key=lambda task: task.state_time, reverse=True)
        if own:
            view[PROPERTY] = [_view(call, task, jobs[task.job], numbers.get((node.id, task.key))) for task in own]


def _task_keys(call: Call, nodes: Sequence[Node]) -> dict[str, set[int]]:
    """Return the keys of the tasks that run on each node or were the last to end there."""
    shown = {node.id: set(node.recent_tasks or ()) for node in nodes}
    for node, task in call.service.read(tuple, f"SELECT node, task FROM allocations WHERE node {LISTED}", _list(shown)):
        shown[node].add(task)
    return shown


def _list(values: Iterable[int | str]) -> str:
    return orjson.dumps([*values]).decode()


def _view(call: Call, task: Task, job_id: str, subtask: int | None) -> dict[str, Any]:
    return {
        **({} if subtask is None else {"subtaskId": subtask}),
        "taskUrl": f"{call.base_url}/jobs/{job_id}/tasks/{task.id}",
        "jobId": job_id,
        "taskId": task.id,
        "taskState": task.state,
        "executionInfo": execution_info(task),
    }
