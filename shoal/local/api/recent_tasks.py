"""The tasks that run on a node or were the last to end there, as the node shows them.

Source: azure-batch 15.1, BatchNode, recentTasks, and BatchTaskInfo. Neither their number nor their order is documented.
"""

from typing import Any

from shoal.local.api.calls import Call
from shoal.local.api.tasks import execution_info
from shoal.local.store.node import Node
from shoal.local.store.queries import integer, text
from shoal.local.store.task import Task


def recent_tasks(call: Call, node: Node) -> dict[str, Any]:
    """Return the node's `recentTasks`, which are absent until a task has run; the latest task comes first."""
    running = call.service.read(integer, "SELECT task FROM allocations WHERE node = ?", node.id)
    keys = {*(node.recent_tasks or ()), *running}
    sql = f"SELECT * FROM tasks WHERE key IN ({', '.join('?' * len(keys))})"
    # Some may have run again since, on another node.
    tasks = [task for task in call.service.read(Task.from_row, sql, *keys) if task.node == node.id]
    tasks.sort(key=lambda task: task.state_time, reverse=True)
    views = [view for task in tasks for view in _views(call, task)]
    return {"recentTasks": views} if views else {}


def _views(call: Call, task: Task) -> list[dict[str, Any]]:
    """Return one view, or none where the task's job is just being deleted."""
    jobs = call.service.read(text, "SELECT id FROM jobs WHERE key = ?", task.job)
    return [
        {
            "taskUrl": f"{call.base_url}/jobs/{job}/tasks/{task.id}",
            "jobId": job,
            "taskId": task.id,
            "taskState": task.state,
            "executionInfo": execution_info(task),
        }
        for job in jobs
    ]
