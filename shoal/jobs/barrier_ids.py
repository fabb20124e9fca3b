"""Ids of tasks that are in no stage: barriers, which only wait for one, and the task that adds those of a schedule."""

BARRIER_PREFIX = "wait_for_"
"""The beginning of a barrier's id; no stage's name may begin with it."""
MANAGER = "schedule_manager"
"""The id of the task that adds the others to a job that a schedule has made; no stage has this name."""


def is_barrier(task_id: str) -> bool:
    """Return True for a task that does no work of the job file."""
    return task_id.startswith(BARRIER_PREFIX) or task_id == MANAGER
