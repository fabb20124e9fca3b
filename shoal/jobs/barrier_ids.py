"""Ids of barriers: tasks that only wait for a stage."""

BARRIER_PREFIX = "wait_for_"
"""The beginning of a barrier's id; no stage's name may begin with it."""


def is_barrier(task_id: str) -> bool:
    return task_id.startswith(BARRIER_PREFIX)
