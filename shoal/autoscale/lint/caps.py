"""Rules on the limits of growing and shrinking."""

from collections.abc import Iterator

from shoal.autoscale.lint.rule import Finding, Rule, Subject
from shoal.autoscale.lint.trials import IDLE, OVERLOAD, nodes_under
from shoal.autoscale.spans import Span
from shoal.autoscale.ticks import HOUR

_SOME_NODES = 16
_MORE_THAN_ANY_POOL = 1_000_000


def _never_zero(subject: Subject) -> Iterator[Finding]:
    least = min(nodes_under(subject.program, IDLE, nodes=_SOME_NODES, every=subject.interval), default=0)
    if least > 0:
        yield Finding(
            rule=NEVER_ZERO.name,
            span=_last_target(subject),
            message=f"an idle pool keeps {least} node{'s' * (least > 1)} forever",
            mend="let the target follow the tasks down to 0: max(0, …), and drop other lower bounds",
        )


def _no_cap(subject: Subject) -> Iterator[Finding]:
    # The trial begins above any cap, so that growth by steps from the current nodes shows too.
    counts = nodes_under(subject.program, OVERLOAD, nodes=_MORE_THAN_ANY_POOL, every=max(HOUR, subject.interval))
    if max(counts, default=0) >= _MORE_THAN_ANY_POOL:
        yield Finding(
            rule=NO_CAP.name,
            span=_last_target(subject),
            message="nothing limits the number of nodes",
            mend="limit it: min(maxNodes, …)",
        )


def _never_grows(subject: Subject) -> Iterator[Finding]:
    counts = nodes_under(subject.program, OVERLOAD, nodes=0, every=max(HOUR, subject.interval))
    # A trial whose first evaluation fails shows nothing: its default keeps the rule silent.
    if subject.flows.targets and max(counts, default=1) == 0:
        yield Finding(
            rule=NEVER_GROWS.name,
            span=_last_target(subject),
            message="an empty pool stays empty, however many tasks wait",
            mend="compute the target from the tasks, not only from the current nodes",
        )


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
