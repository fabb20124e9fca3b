"""The shared part of formulas that follow the tasks: the number of nodes that the work needs."""

from datetime import timedelta

from shoal.autoscale.printing import number_text
from shoal.autoscale.scenarios.writing import Line, minutes


def demand(*, slots_per_task: float, hold: timedelta) -> list[Line]:
    """Return statements that end with `neededNodes`; later statements may use `sampled` and `holdTime`, too."""
    return [
        Line(
            "Slots that a task takes on average: Batch counts tasks, not slots.",
            f"slotsPerTask = {number_text(slots_per_task)}",
        ),
        Line(
            "Nodes stay this long after they are last needed, so that a short lull does not cost a boot.",
            f"holdTime = {minutes(hold)}",
        ),
        Line(
            "A new pool has few samples, and a busy service may lose some.",
            "sampled = $PendingTasks.GetSamplePercent(holdTime)",
        ),
        Line(
            "The newest count of waiting and running tasks; 0 before the first sample.",
            "newest = max(0, $PendingTasks.GetSample(1))",
        ),
        Line(
            "The most tasks within the hold time; while samples are few, the newest count.",
            "tasks = sampled < 70 ? newest : max($PendingTasks.GetSample(holdTime))",
        ),
        Line(
            "Nodes that can run all of these tasks at once.",
            "neededNodes = ceil(tasks * slotsPerTask / $TaskSlotsPerNode)",
        ),
    ]


DRAIN = Line(
    "A node that leaves finishes its tasks first: nothing is killed.", "$NodeDeallocationOption = taskcompletion"
)
