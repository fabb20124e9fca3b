"""Rules on reading samples."""

from collections.abc import Iterator

from shoal.autoscale.lint.flows import PRESENT, Origin
from shoal.autoscale.lint.rule import Finding, Rule, Subject
from shoal.autoscale.lint.trials import BUSY, BUSY_WITH_FEW_SAMPLES, fault_of_a_new_pool, nodes_under
from shoal.autoscale.spans import Span
from shoal.autoscale.syntax import Binary, Expression, Method, Name, postorder
from shoal.autoscale.ticks import interval_text
from shoal.autoscale.types import Type
from shoal.autoscale.variables import CURRENT_DEDICATED, CURRENT_SPOT, SERVICE_VARIABLES, SLOTS_PER_NODE

_KNOWN_WITHOUT_SAMPLES = {CURRENT_DEDICATED, CURRENT_SPOT, SLOTS_PER_NODE}
_SOME_NODES = 16
_COMPARISONS = {"<", "<=", "==", "!=", ">=", ">"}


def _no_guard(subject: Subject) -> Iterator[Finding]:
    demanding = {origin for origin in subject.flows.origins if _demands(origin, subject)}
    guarded = subject.flows.counted | {origin.variable for origin in demanding}
    first = _first_readings(subject)
    for variable, origin in first.items():
        if variable not in guarded:
            yield Finding(
                rule=NO_GUARD.name,
                span=origin.span,
                message=f"{variable} is read without checking how many of its samples have arrived",
                mend=f"check {variable}.GetSamplePercent(…) first, or give GetSample a percentage",
            )

    # A guard that is looked at too late: the formula has failed before.
    fault = fault_of_a_new_pool(subject.program)
    if fault and guarded >= set(first) and not any(fault.span == origin.span for origin in demanding):
        yield Finding(
            rule=NO_GUARD.name,
            span=fault.span,
            message="without any sample the formula fails here, before its guard can help",
            mend="test GetSamplePercent first, and read the samples only in the branch where there are enough",
        )


def _demands(origin: Origin, subject: Subject) -> bool:
    """Return whether the reading fails on purpose where too few samples have arrived."""
    has_percent = origin.method == "GetSample" and len(origin.arguments) > 1
    return has_percent and subject.checked.type_of(origin.arguments[-1]) is Type.DOUBLE


def _first_readings(subject: Subject) -> dict[str, Origin]:
    first: dict[str, Origin] = {}
    for origin in subject.flows.origins:
        is_metric = SERVICE_VARIABLES[origin.variable].type is Type.METRIC
        by_samples = origin.method == "GetSample" or origin.variable not in _KNOWN_WITHOUT_SAMPLES
        if is_metric and by_samples and origin.method in {"GetSample", PRESENT}:
            first.setdefault(origin.variable, origin)
    return first


def _shrinks(subject: Subject) -> Iterator[Finding]:
    sure = next(nodes_under(subject.program, BUSY, nodes=_SOME_NODES, every=subject.interval), 0)
    # As many nodes as the formula itself allows.
    nodes = min(sure, _SOME_NODES)
    trial = nodes_under(subject.program, BUSY_WITH_FEW_SAMPLES, nodes=nodes, every=subject.interval)
    guards = [origin for origin in subject.flows.origins if origin.method == "GetSamplePercent"]
    unsure = next(trial, 0)
    if guards and unsure < nodes:
        yield Finding(
            rule=SHRINKS.name,
            span=guards[0].span,
            message=f"a busy pool of {nodes} nodes shrinks to {unsure} when some samples are late or lost",
            mend="while samples are few, use the newest ones: max(0, $PendingTasks.GetSample(10))",
        )


def _short_window(subject: Subject) -> Iterator[Finding]:
    windows: dict[str, list[tuple[float | None, Origin]]] = {}
    for origin in subject.flows.origins:
        if origin.method == "GetSample" and subject.checked.type_of(origin.arguments[0]) is not Type.DOUBLE:
            windows.setdefault(origin.variable, []).append((_length(origin, subject), origin))
    for variable, readings in windows.items():
        lengths = [length for length, _ in readings if length is not None]
        # One window that is long enough, or of unknown length, may cover the time between evaluations.
        if len(lengths) == len(readings) and max(lengths) < subject.interval:
            window, interval = interval_text(int(max(lengths))), interval_text(subject.interval)
            yield Finding(
                rule=SHORT_WINDOW.name,
                span=readings[0][1].span,
                message=f"{variable} is read over {window}, but the formula is evaluated only every {interval}",
                mend="look back at least to the last evaluation, or evaluate more often",
            )


def _length(origin: Origin, subject: Subject) -> float | None:
    """Return the length of the window in ticks, or None where it is not constant."""
    if any(subject.checked.type_of(one) is Type.TIMESTAMP for one in origin.arguments):
        return None
    bounds = [one for one in origin.arguments if subject.checked.type_of(one) is Type.INTERVAL]
    ends = [subject.bounds.of(one).constant for one in bounds]
    if not ends or None in ends:
        return None
    far, near = ends[0] or 0.0, (ends[1] or 0.0) if len(ends) > 1 else 0.0
    return abs(far - near)


def _fraction(subject: Subject) -> Iterator[Finding]:
    percents: set[str] = set()
    for statement in subject.formula.statements:
        yield from _fractions(statement.value, percents, subject)
        if statement.target is not None:
            # A variable may be assigned again, and then no longer holds a percentage.
            add = percents.add if _is_percent(statement.value, percents) else percents.discard
            add(statement.target.name)


def _fractions(expression: Expression, percents: set[str], subject: Subject) -> Iterator[Finding]:
    for part in postorder(expression):
        match part:
            case Binary(operator, left, right, span) if operator in _COMPARISONS:
                yield from _fraction_of(left, right, span, percents, subject)


def _fraction_of(
    left: Expression, right: Expression, span: Span, percents: set[str], subject: Subject
) -> Iterator[Finding]:
    for percent, other in ((left, right), (right, left)):
        limit = subject.bounds.of(other).constant
        if _is_percent(percent, percents) and limit is not None and 0 < limit < 1:
            yield Finding(
                rule=FRACTION.name,
                span=span,
                message=f"GetSamplePercent goes from 0 to 100, but is compared with {limit:g}",
                mend=f"write {limit * 100:g}",
            )


def _is_percent(expression: Expression, percents: set[str]) -> bool:
    match expression:
        case Method(_, "GetSamplePercent", _):
            return True
        case Name(name):
            return name in percents
        case _:
            return False


def _retired(subject: Subject) -> Iterator[Finding]:
    for origin in subject.flows.origins:
        if SERVICE_VARIABLES[origin.variable].retired:
            yield Finding(
                rule=RETIRED.name,
                span=origin.span,
                message=f"{origin.variable} is no longer sampled",
                mend="count tasks, or use $CPUPercent",
            )


NO_GUARD = Rule(
    name="no-sample-guard",
    why=(
        "A new pool has no samples, and a busy service may lose some. Without a guard the formula fails, or acts on "
        "one old number, just when the pool starts."
    ),
    find=_no_guard,
)
SHRINKS = Rule(
    name="shrinks-without-samples",
    why=(
        "In every long run some samples come late or never. A guard that then falls back to a small number shrinks a "
        "busy pool and kills its tasks."
    ),
    find=_shrinks,
)
SHORT_WINDOW = Rule(
    name="window-shorter-than-interval",
    why=(
        "The formula never sees what happens between two evaluations but outside its window, such as a queue that "
        "fills and empties in that time."
    ),
    find=_short_window,
)
FRACTION = Rule(
    name="percent-compared-with-fraction",
    why=(
        "Percentages go from 0 to 100: fewer than 0.7 percent of the samples arrive almost never, so the guard has no "
        "effect."
    ),
    find=_fraction,
)
RETIRED = Rule(
    name="retired-variable",
    why="Batch stopped sampling the resource variables on 31 March 2024; formulas that read them fail.",
    find=_retired,
)
