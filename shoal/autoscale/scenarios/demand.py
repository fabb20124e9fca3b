"""The shared part of formulas that follow the tasks: the number of nodes that the work needs."""

import math
from datetime import timedelta

from shoal.autoscale.printing import number_text
from shoal.autoscale.samples import PERIOD
from shoal.autoscale.scenarios.writing import Line

NEW = timedelta(minutes=10)
"""Time for which a pool counts as new: it has too few samples to judge by."""


def samples_in(duration: timedelta) -> int:
    """Return how many samples of Batch a duration holds, rounded up."""
    return max(1, math.ceil(duration / PERIOD))


def tasks(*, slots_per_task: float, hold: timedelta) -> list[Line]:
    """Return statements that end with `tasks`; later statements may use `slotsPerTask` and `isNew`, too."""
    return [
        Line(
            "Slots that a task takes on average: Batch counts tasks, not slots.",
            f"slotsPerTask = {number_text(slots_per_task)}",
        ),
        Line(
            "1 for the first ten minutes of a pool: it has too few samples to judge by.",
            f"isNew = len($PendingTasks.GetSample({samples_in(NEW)})) < {samples_in(NEW)}",
        ),
        Line(
            "The most waiting and running tasks in the newest samples, which may be late; 0 before the first one.",
            f"tasks = max(0, $PendingTasks.GetSample({samples_in(hold)}))",
        ),
    ]


def demand(*, slots_per_task: float, hold: timedelta) -> list[Line]:
    """Return statements that end with `neededNodes`: each task has its slots at once."""
    return [
        *tasks(slots_per_task=slots_per_task, hold=hold),
        Line(
            "Nodes that can run all of these tasks at once.",
            "neededNodes = ceil(tasks * slotsPerTask / $TaskSlotsPerNode)",
        ),
    ]


DRAIN = Line(
    "A node that leaves finishes its tasks first: nothing is killed.", "$NodeDeallocationOption = taskcompletion"
)
