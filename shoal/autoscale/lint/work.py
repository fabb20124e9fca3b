"""Rules on counting tasks: running ones too, and in slots."""

from collections.abc import Iterator
from itertools import islice

from shoal.autoscale.lint.flows import PRESENT, Origin, earliest
from shoal.autoscale.lint.rule import Finding, Rule, Subject
from shoal.autoscale.lint.trials import BUSY_WITHOUT_QUEUE, nodes_under
from shoal.autoscale.variables import SLOTS_PER_NODE, TASK_METRICS

_BUSY_NODES = 16
"""Nodes that the tasks of BUSY_WITHOUT_QUEUE fill at four slots a node."""


def _running_not_counted(subject: Subject) -> Iterator[Finding]:
    origins = {origin for flow in subject.flows.targets.values() for origin in flow.all}
    counted = {origin.variable for origin in origins}
    if "$ActiveTasks" not in counted or counted & {"$RunningTasks", "$PendingTasks"}:
        return
    targets = islice(nodes_under(subject.program, BUSY_WITHOUT_QUEUE, nodes=_BUSY_NODES, every=subject.interval), 10)
    if min(targets, default=0) < _BUSY_NODES:
        yield Finding(
            rule=RUNNING_NOT_COUNTED.name,
            span=earliest(origin for origin in origins if origin.variable == "$ActiveTasks").span,
            message="only waiting tasks are counted: once the queue is empty, nodes are removed while their tasks run",
            mend="count $PendingTasks, which includes running tasks",
        )


def _slots_ignored(subject: Subject) -> Iterator[Finding]:
    if subject.slots == 1 or any(origin.variable == SLOTS_PER_NODE for origin in subject.flows.origins):
        return
    undivided = {origin for flow in subject.flows.targets.values() for origin in flow.values if _is_task_count(origin)}
    if undivided:
        origin = earliest(undivided)
        yield Finding(
            rule=SLOTS_IGNORED.name,
            span=origin.span,
            message=f"{origin.variable} is taken for a number of nodes, regardless of task slots",
            mend="divide: ceil($PendingTasks… * slotsPerTask / $TaskSlotsPerNode)",
        )


def _is_task_count(origin: Origin) -> bool:
    return origin.variable in TASK_METRICS and origin.method in {"GetSample", PRESENT} and not origin.divided


RUNNING_NOT_COUNTED = Rule(
    name="running-tasks-not-counted",
    why=(
        "Active tasks are those that wait. A formula that counts nothing else shrinks the pool as soon as all tasks "
        "run, and kills them unless the deallocation option is taskcompletion."
    ),
    find=_running_not_counted,
)
SLOTS_IGNORED = Rule(
    name="slots-ignored",
    why=(
        "A node runs as many tasks at a time as it has slots. In a pool with several slots a node, one node for each "
        "task is several times too many."
    ),
    find=_slots_ignored,
)
