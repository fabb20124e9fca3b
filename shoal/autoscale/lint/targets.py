"""Rules on assignments to targets and to the deallocation option."""

from collections.abc import Iterator
from difflib import SequenceMatcher

from shoal.autoscale.lint.flows import Origin, earliest
from shoal.autoscale.lint.rule import Finding, Rule, Subject
from shoal.autoscale.lint.trials import BUSY_WITHOUT_QUEUE, LAST_TASKS, Load, targets_under
from shoal.autoscale.spans import Span
from shoal.autoscale.ticks import HOUR
from shoal.autoscale.variables import (
    CURRENT_DEDICATED,
    CURRENT_SPOT,
    DEALLOCATION,
    TARGET_DEDICATED,
    TARGET_SPOT,
    TARGETS,
    Deallocation,
    service_name,
)

_OTHER_KIND = {
    TARGET_DEDICATED: {TARGET_SPOT, CURRENT_SPOT},
    TARGET_SPOT: {TARGET_DEDICATED, CURRENT_DEDICATED},
}
_CURRENT = {TARGET_DEDICATED: CURRENT_DEDICATED, TARGET_SPOT: CURRENT_SPOT}
_OLD_OPTION = "$tvmdeallocationoption"
_BUSY_NODES = 16
_ALIKE = 0.85
"""Share of common letters from which one name counts as a misspelling of the other."""


def _no_target(subject: Subject) -> Iterator[Finding]:
    if not subject.flows.targets:
        yield Finding(
            rule=NO_TARGET.name,
            span=Span(1, 1),
            message="the formula assigns no number of nodes, so the pool keeps its size",
            mend=f"assign {TARGET_DEDICATED} or {TARGET_SPOT}",
        )


def _misspelt(subject: Subject) -> Iterator[Finding]:
    # Who assigns the right name as well has a variable of a similar name on purpose.
    missing = [name for name in (*TARGETS, DEALLOCATION) if name not in subject.flows.assigned]
    for name, place in subject.flows.assigned.items():
        if service_name(name) is not None:
            continue
        if name.lower() == _OLD_OPTION:
            yield Finding(
                rule=MISSPELT.name,
                span=place.span,
                message=f"{name} is the spelling of years ago, and to Batch an ordinary variable now",
                mend=f"write {DEALLOCATION}",
            )
            continue
        meant = max(missing, key=lambda other: _alike(name, other), default=None)
        if meant and _alike(name, meant) >= _ALIKE:
            yield Finding(
                rule=MISSPELT.name,
                span=place.span,
                message=f"{name} is an ordinary variable; assigning it does not resize the pool",
                mend=f"did you mean {meant}?",
            )


def _alike(name: str, other: str) -> float:
    return SequenceMatcher(None, name.lower().lstrip("$"), other.lower().lstrip("$")).ratio()


def _option_missing(subject: Subject) -> Iterator[Finding]:
    changes = any(flow.all for flow in subject.flows.targets.values()) or _reads_time(subject)
    if changes and DEALLOCATION not in subject.flows.assigned:
        last = max(subject.flows.targets, key=lambda name: subject.flows.assigned[name].span.line)
        yield Finding(
            rule=OPTION_MISSING.name,
            span=subject.flows.assigned[last].span,
            message="removing a node kills its tasks, which then start again: the option is requeue by default",
            mend=f"let tasks finish first: {DEALLOCATION} = taskcompletion;",
        )


def _kills(subject: Subject) -> Iterator[Finding]:
    place = subject.flows.assigned.get(DEALLOCATION)
    option = next(filter(None, (_killing(subject, load) for load in (LAST_TASKS, BUSY_WITHOUT_QUEUE))), None)
    if place is not None and option is not None:
        yield Finding(
            rule=KILLS.name,
            span=place.span,
            message=f"with {option.value}, a pool that shrinks kills the tasks that run",
            mend=f"let tasks finish first: {DEALLOCATION} = taskcompletion;",
        )


def _killing(subject: Subject, load: Load) -> Deallocation | None:
    """Return the option by which the formula kills tasks of the load, or None."""
    before = _BUSY_NODES
    for targets in targets_under(subject.program, load, nodes=_BUSY_NODES, every=max(HOUR, subject.interval)):
        if targets.nodes < before and targets.option in {Deallocation.REQUEUE, Deallocation.TERMINATE}:
            return targets.option
        before = targets.nodes
    return None


def _reads_time(subject: Subject) -> bool:
    """Return whether a target may change with the clock alone."""
    return any(
        subject.bounds.of(statement.value).constant is None
        for statement in subject.formula.statements
        if statement.target is not None and service_name(statement.target.name) in TARGETS
    )


def _wrong_kind(subject: Subject) -> Iterator[Finding]:
    for target, flow in subject.flows.targets.items():
        (other,) = set(TARGETS) - {target}
        readings = {origin for origin in flow.all if origin.variable in _OTHER_KIND[target]}
        if readings and other not in subject.flows.targets:
            origin = earliest(readings)
            yield Finding(
                rule=WRONG_KIND.name,
                span=origin.span,
                message=f"{target} is computed from {origin.variable}, which counts nodes of the other kind",
                mend=f"read {_same_kind(origin, target)}, or assign {other} too",
            )


def _same_kind(origin: Origin, target: str) -> str:
    return target if origin.variable in TARGETS else _CURRENT[target]


def _target_as_current(subject: Subject) -> Iterator[Finding]:
    for target, flow in subject.flows.targets.items():
        readings = {origin for origin in flow.values if origin.variable == target}
        if readings:
            yield Finding(
                rule=TARGET_AS_CURRENT.name,
                span=earliest(readings).span,
                message=f"{target} is read as the last target, which may differ from the nodes in the pool",
                mend=f"read {_CURRENT[target]}",
            )


def _fixed_too(subject: Subject) -> Iterator[Finding]:
    if subject.fixed_too:
        yield Finding(
            rule=FIXED_TOO.name,
            span=Span(1, 1),
            message="fixed node counts stand beside the formula",
            mend="remove one of the two",
        )


FIXED_TOO = Rule(
    name="fixed-and-autoscale",
    why="Batch takes a formula or fixed targets, but not both. A tool that sends only one of them ignores the other.",
    find=_fixed_too,
)
NO_TARGET = Rule(
    name="no-target-assigned",
    why="A formula works by assigning targets. One that assigns none has no effect.",
    find=_no_target,
)
MISSPELT = Rule(
    name="misspelt-variable",
    why="An assignment to an unknown name is not an error: it creates a variable, and the pool keeps its size.",
    find=_misspelt,
)
OPTION_MISSING = Rule(
    name="deallocation-option-missing",
    why="Without the option, Batch requeues running tasks: their work is lost, and you pay for it twice.",
    find=_option_missing,
)
KILLS = Rule(
    name="kills-running-tasks",
    why=(
        "A target below the current number removes nodes at once. With requeue their tasks begin again elsewhere, with "
        "terminate they fail."
    ),
    find=_kills,
)
WRONG_KIND = Rule(
    name="spot-dedicated-confused",
    why="In a pool of Spot nodes the dedicated counts are always 0, and vice versa.",
    find=_wrong_kind,
)
TARGET_AS_CURRENT = Rule(
    name="target-read-as-current",
    why=(
        "Target and current numbers differ while nodes start, after evictions, and where quota or capacity runs out. A "
        "formula that builds on its own last target continues from a number that was never reached."
    ),
    find=_target_as_current,
)
