"""The part that formulas share that follow the tasks: how many nodes the work needs."""

from datetime import timedelta

from shoal.autoscale.printing import number_text
from shoal.autoscale.scenarios.writing import Line, minutes


def demand(*, slots_per_task: float, hold: timedelta) -> list[Line]:
    """Statements that end with `neededNodes`; `sampled` and `holdTime` are of use after them."""
    return [
        Line(
            "Slots that a task takes on average: Batch counts tasks, not slots.",
            f"slotsPerTask = {number_text(slots_per_task)}",
        ),
        Line(
            "Nodes stay this long after the work would fit on fewer, so that a short lull does not cost a boot.",
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
            "The most there was within the hold time, or the newest count while samples are few.",
            "tasks = sampled < 70 ? newest : max($PendingTasks.GetSample(holdTime))",
        ),
        Line(
            "Nodes on which all of these tasks could run at once.",
            "neededNodes = ceil(tasks * slotsPerTask / $TaskSlotsPerNode)",
        ),
    ]


DRAIN = Line(
    "A node that goes finishes its tasks first: nothing is killed.", "$NodeDeallocationOption = taskcompletion"
)
