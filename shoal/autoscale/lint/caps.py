"""Rules on the limits of growing and shrinking."""

from collections.abc import Iterator

from shoal.autoscale.lint.rule import Finding, Rule, Subject
from shoal.autoscale.lint.trials import (
    BEGIN,
    BUSY,
    IDLE,
    IDLE_WITH_LATE_SAMPLES,
    ONE_TASK,
    OVERLOAD,
    Load,
    grows,
    nodes_under,
    targets_of_a_new_pool,
)
from shoal.autoscale.spans import Span
from shoal.autoscale.ticks import HOUR

_SOME_NODES = 16
_MORE_THAN_ANY_POOL = 1_000_000
_SETTLING = 2
"""Evaluations after which the trial is on targets of its own."""


def _never_zero(subject: Subject) -> Iterator[Finding]:
    least = min(nodes_under(subject.program, IDLE, nodes=_SOME_NODES, every=subject.interval), default=0)
    if least > 0:
        yield Finding(
            rule=NEVER_ZERO.name,
            span=_last_target(subject),
            message=f"an idle pool keeps {least} node{'s' * (least > 1)} forever",
            mend="let the target follow the tasks down to 0: max(0, …), and drop other lower bounds",
        )
    elif _waits_for_samples(subject):
        yield Finding(
            rule=NEVER_ZERO.name,
            span=_last_target(subject),
            message="an idle pool keeps its nodes forever where samples come four minutes late",
            mend="read the newest samples, however old: max(0, $PendingTasks.GetSample(10))",
        )


def _waits_for_samples(subject: Subject) -> bool:
    """Return whether an idle pool keeps all its nodes while the newest samples are late."""
    busy = next(nodes_under(subject.program, BUSY, nodes=_SOME_NODES, every=subject.interval), 0)
    nodes = min(_SOME_NODES, busy)  # as many as the formula itself allows
    trial = nodes_under(subject.program, IDLE_WITH_LATE_SAMPLES, nodes=nodes, every=subject.interval)
    # No targets at all: each evaluation fails, which keeps the pool as it is.
    return nodes > 0 and min(trial, default=nodes) >= nodes


def _no_cap(subject: Subject) -> Iterator[Finding]:
    # The trial begins above any cap, so that growth by steps from the current nodes shows too.
    trial = nodes_under(subject.program, OVERLOAD, nodes=_MORE_THAN_ANY_POOL, every=max(HOUR, subject.interval))
    # The first targets come from nodes that the formula would never have.
    counts = list(trial)
    if max(counts[min(_SETTLING, len(counts) - 1) :], default=0) >= _MORE_THAN_ANY_POOL:
        yield Finding(
            rule=NO_CAP.name,
            span=_last_target(subject),
            message="nothing limits the number of nodes",
            mend="limit it: min(maxNodes, …)",
        )


def _never_grows(subject: Subject) -> Iterator[Finding]:
    if subject.flows.targets and not _grows(subject, OVERLOAD):
        yield Finding(
            rule=NEVER_GROWS.name,
            span=_last_target(subject),
            message="an empty pool stays empty, however many tasks wait",
            mend="compute the target from the tasks, not only from the current nodes",
        )


def _truncated(subject: Subject) -> Iterator[Finding]:
    if subject.flows.targets and _grows(subject, OVERLOAD) and not _grows(subject, ONE_TASK):
        yield Finding(
            rule=TRUNCATED.name,
            span=_last_target(subject),
            message="one waiting task gets no node: fractions of a node are cut off",
            mend="round up: ceil(tasks / $TaskSlotsPerNode)",
        )


def _grows(subject: Subject, load: Load) -> bool:
    program, every = subject.program, max(HOUR, subject.interval)
    first = next(nodes_under(program, load, nodes=0, every=every), None)
    # A trial whose first evaluation fails shows nothing: its default keeps the rules silent.
    if first is None or (subject.counts_all_samples and targets_of_a_new_pool(program).nodes):
        return True
    return grows(program, load, every=every, begins=[BEGIN, *subject.dates])


def _last_target(subject: Subject) -> Span:
    names = [subject.flows.assigned[name] for name in subject.flows.targets]
    return max((name.span for name in names), key=lambda span: (span.line, span.column), default=Span(1, 1))


NEVER_ZERO = Rule(
    name="never-reaches-zero",
    why="Nodes cost money whether tasks run or not. A pool that keeps nodes without work costs money forever.",
    find=_never_zero,
)
NEVER_GROWS = Rule(
    name="never-grows",
    why="A pool without nodes that never gets any runs no task. A percentage of zero nodes is zero.",
    find=_never_grows,
)
NO_CAP = Rule(
    name="no-cap",
    why="A job with a million tasks by mistake starts as many nodes as the quota allows, and you pay for all of them.",
    find=_no_cap,
)
TRUNCATED = Rule(
    name="truncates-to-zero",
    why=(
        "Batch cuts off fractions of a node. Fewer tasks than a node has slots give no node at all, and these tasks "
        "wait forever."
    ),
    find=_truncated,
)
