"""Tasks that can never run, because a task that they depend on failed: Batch leaves them active for ever.

Source: Batch REST, task dependencies: a dependent of a failed task stays active unless an exit condition of the parent
satisfies the dependency.
"""

from collections.abc import Mapping, Sequence

from azure.batch import BatchClient
from azure.batch.models import BatchTask, DependencyAction


def blocked(waiting: Mapping[str, Sequence[str]], failed: set[str]) -> set[str]:
    """Return the waiting tasks that depend on a failed one, directly or through others.

    `waiting` has the ids that each waiting task depends on.
    """
    lost = set(failed)
    while newly := {task for task, parents in waiting.items() if task not in lost and not lost.isdisjoint(parents)}:
        lost |= newly
    return lost & waiting.keys()


def only_blocked_are_left(client: BatchClient, job_id: str) -> bool:
    """True where no active task can ever run. Reads only ids and dependencies of active and failed tasks."""
    waiting = {
        task.id: tuple((task.depends_on.task_ids if task.depends_on else None) or ())
        for task in client.list_tasks(job_id, filter="state eq 'active'", select=["id", "dependsOn"])
    }
    failed = {
        task.id
        for task in client.list_tasks(
            job_id, filter="executionInfo/result eq 'failure'", select=["id", "exitConditions"]
        )
        if not _satisfies(task)
    }
    return bool(waiting) and blocked(waiting, failed) == waiting.keys()


def _satisfies(task: BatchTask) -> bool:
    default = task.exit_conditions.default if task.exit_conditions else None
    return default is not None and default.dependency_action == DependencyAction.SATISFY
