"""Nodes for tasks that take turns: fewer than tasks need at once, where tasks are short.

The mean length of tasks is the time that all of them ran, over the number of those that ended. The formula takes it
from hours of samples, and from the newest ones, lest a job of short tasks starve the next one, whose tasks are long.
"""

from datetime import timedelta

from shoal.autoscale.printing import number_text
from shoal.autoscale.samples import PERIOD
from shoal.autoscale.scenarios.demand import NEW, samples_in
from shoal.autoscale.scenarios.writing import Line

LONG = timedelta(hours=4)


def nodes_in_turns(within: timedelta) -> list[Line]:
    """Return statements that end with `neededNodes`, for statements that end with `tasks`."""
    # Twice the limit, so that the age of tasks that have not ended can exceed it.
    recent = max(samples_in(NEW), samples_in(2 * within))
    return [
        Line("Running tasks, in samples of some hours.", f"running = $RunningTasks.GetSample({samples_in(LONG)})"),
        Line("Tasks that have ended, at the same times.", f"ended = $SucceededTasks.GetSample({samples_in(LONG)})"),
        Line(
            "1 where there are enough of both.",
            f"isKnown = len(running) >= {samples_in(NEW)} && len(ended) >= {samples_in(NEW)}",
        ),
        Line(
            "Tasks that ended in these hours.", "endedLong = isKnown ? val(ended, len(ended) - 1) - val(ended, 0) : 0"
        ),
        Line(
            "Seconds that a task ran on average.",
            f"secondsLong = endedLong > 0 ? sum(running) * {_period()} / endedLong : {_seconds(within)}",
        ),
        Line("The same for the newest samples.", f"lately = isKnown ? $RunningTasks.GetSample({recent}) : vec(0)"),
        Line(
            "Tasks that ended lately.",
            f"endedLately = isKnown ? range($SucceededTasks.GetSample({recent})) : 0",
        ),
        Line(
            "Where few have ended yet, the age of those that run.",
            f"secondsLately = sum(lately) * {_period()}"
            " / max(1, endedLately, isKnown ? val(running, len(running) - 1) : 0)",
        ),
        Line(
            "Tasks shorter than this many seconds take turns on a slot; longer ones have their own.",
            f"turn = {_seconds(within)}",
        ),
        Line("The share of tasks that run at once.", "share = min(1, max(secondsLong, secondsLately) / turn)"),
        Line(
            "Nodes that can run all of these tasks in that time.",
            "neededNodes = ceil(tasks * slotsPerTask * share / $TaskSlotsPerNode)",
        ),
    ]


def _period() -> str:
    return number_text(PERIOD / timedelta(seconds=1))


def _seconds(duration: timedelta) -> str:
    return number_text(duration / timedelta(seconds=1))
