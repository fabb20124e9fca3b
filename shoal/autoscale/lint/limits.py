"""Rules on how far the pool grows and shrinks."""

from collections.abc import Iterator

from shoal.autoscale.lint.rules import Finding, Rule, Subject
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
            message=f"an idle pool keeps {least} node{'s' * (least > 1)} for ever",
            mend="let the target follow the tasks down to 0: max(0, …), and no lower bound above it",
        )


def _no_cap(subject: Subject) -> Iterator[Finding]:
    wanted = nodes_under(subject.program, OVERLOAD, nodes=_MORE_THAN_ANY_POOL, every=max(HOUR, subject.interval))
    if max(wanted, default=0) >= _MORE_THAN_ANY_POOL:
        yield Finding(
            rule=NO_CAP.name,
            span=_last_target(subject),
            message="nothing limits the number of nodes",
            mend="limit it: min(maxNodes, …)",
        )


def _never_grows(subject: Subject) -> Iterator[Finding]:
    wanted = nodes_under(subject.program, OVERLOAD, nodes=0, every=max(HOUR, subject.interval))
    if subject.flows.targets and max(wanted, default=1) == 0:
        yield Finding(
            rule=NEVER_GROWS.name,
            span=_last_target(subject),
            message="an empty pool stays empty, however many tasks wait",
            mend="let the target follow the tasks, not only the nodes that there are",
        )


def _last_target(subject: Subject) -> Span:
    names = [subject.flows.assigned[name] for name in subject.flows.targets]
    return max((name.span for name in names), key=lambda span: (span.line, span.column), default=Span(1, 1))


NEVER_ZERO = Rule(
    name="never-reaches-zero",
    why="Nodes cost money whether tasks run or not; a pool that keeps some when nothing is to be done bills for ever.",
    find=_never_zero,
)
NEVER_GROWS = Rule(
    name="never-grows",
    why="A pool that has no node and never gets one runs no task; a percentage of no nodes is no node.",
    find=_never_grows,
)
NO_CAP = Rule(
    name="no-cap",
    why="A job with a million tasks by mistake becomes as many nodes as the quota allows, and the bill for them.",
    find=_no_cap,
)
