"""Trace the numbers of a formula back to their origins: which service variables reach which target, and how."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from shoal.autoscale.spans import Span
from shoal.autoscale.syntax import (
    Binary,
    Call,
    Conditional,
    Expression,
    Formula,
    Member,
    Method,
    Name,
    Number,
    Unary,
    children,
    postorder,
)
from shoal.autoscale.variables import DEALLOCATION, TARGETS, service_name

PRESENT = "present"
"""The method of a reading that uses the variable as a plain number."""

_COUNTING = {"GetSamplePercent", "GetSamplePeriod", "Count", "HistoryBeginTime"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """One reading of a service variable."""

    variable: str
    """The full name."""
    method: str
    span: Span
    # The place tells two readings apart; comparing the arguments would walk through trees of any height.
    arguments: tuple[Expression, ...] = field(default=(), compare=False)
    divided: bool = False
    """True where the number was divided on its way: tasks were turned into nodes."""


@dataclass(frozen=True, slots=True)
class Flow:
    """The readings behind one number."""

    values: frozenset[Origin] = frozenset()
    """Readings that the number is computed from."""
    choices: frozenset[Origin] = frozenset()
    """Readings that decide which number it is."""

    @property
    def all(self) -> frozenset[Origin]:
        return self.values | self.choices

    def __or__(self, other: "Flow") -> "Flow":
        return Flow(self.values | other.values, self.choices | other.choices)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flows:
    targets: Mapping[str, Flow]
    """The flow into each node target that the formula assigns, as last assigned; keyed by full name."""
    origins: tuple[Origin, ...]
    """Every reading, in the order of the text."""
    counted: frozenset[str]
    """Variables whose samples are counted somewhere."""
    assigned: Mapping[str, Name]
    """The last assignment of each variable; service variables by full name."""


def flows_of(formula: Formula) -> Flows:
    tracer = _Tracer()
    assigned: dict[str, Name] = {}
    for statement in formula.statements:
        flow = tracer.trace(statement.value)
        if statement.target is not None:
            name = service_name(statement.target.name) or statement.target.name
            tracer.variables[name] = flow
            assigned[name] = statement.target
    targets = {name: tracer.variables[name] for name in TARGETS if name in assigned}
    counted = frozenset(tracer.counted)
    return Flows(targets=targets, origins=tuple(tracer.origins), counted=counted, assigned=assigned)


class _Tracer:
    def __init__(self) -> None:
        self.variables: dict[str, Flow] = {}
        self.origins: list[Origin] = []
        self.counted: set[str] = set()
        self._flows: dict[int, Flow] = {}

    def trace(self, expression: Expression) -> Flow:
        for part in postorder(expression, _parts):
            self._flows[id(part)] = self._flow(part)
        return self.flow(expression)

    def flow(self, expression: Expression) -> Flow:
        return self._flows[id(expression)]

    def _flow(self, expression: Expression) -> Flow:
        """Return the flow of an expression whose parts have theirs."""
        match expression:
            case Name(name, span):
                return self._name(name, span)
            case Method(Name(owner, span), method, arguments) if service := service_name(owner):
                return self._reading(Origin(variable=service, method=method, span=span, arguments=arguments))
            case Binary(operator, left, right):
                return self._binary(operator, left, right)
            case Conditional(test, then, otherwise):
                chosen = self.flow(test).all
                branches = self.flow(then) | self.flow(otherwise)
                return Flow(branches.values, branches.choices | chosen)
            case Call("len", arguments):
                # The number of samples tells whether there are any, not how many tasks or nodes.
                readings = self._joined(arguments).all
                self.counted |= {origin.variable for origin in readings}
                return Flow(choices=readings)
            case Call(_, arguments):
                return self._joined(arguments)
            case Unary("!", operand) | Member(operand, _):
                return Flow(choices=self.flow(operand).all)
            case Unary(_, operand):
                return self.flow(operand)
            case _:
                return Flow()

    def _name(self, name: str, span: Span) -> Flow:
        service = service_name(name)
        # A target that was assigned before is the formula's own number, not a reading of the pool.
        if (service or name) in self.variables:
            return self.variables[service or name]
        if service is None or service == DEALLOCATION:
            return Flow()
        return self._reading(Origin(variable=service, method=PRESENT, span=span))

    def _reading(self, origin: Origin) -> Flow:
        self.origins.append(origin)
        inside = self._joined(origin.arguments)
        only = frozenset({origin})
        if origin.method in {"GetSamplePercent", "Count"}:
            self.counted.add(origin.variable)
        if origin.method in _COUNTING:
            return Flow(choices=only | inside.all)
        return Flow(only, inside.all)

    def _joined(self, arguments: tuple[Expression, ...]) -> Flow:
        joined = Flow()
        for argument in arguments:
            joined |= self.flow(argument)
        return joined

    def _binary(self, operator: str, left: Expression, right: Expression) -> Flow:
        first, second = self.flow(left), self.flow(right)
        match operator:
            case "/":
                # The divisor scales the number: it is not a part of it.
                return Flow(_divided(first.values), first.choices | second.all)
            # Multiplying by 0.25 divides, too.
            case "*" if any(isinstance(side, Number) and side.value < 1 for side in (left, right)):
                both = first | second
                return Flow(_divided(both.values), both.choices)
            case "+" | "-" | "*":
                return first | second
            case _:
                return Flow(choices=first.all | second.all)


def _parts(expression: Expression) -> tuple[Expression, ...]:
    # The owner of a method is not a reading of its own.
    return expression.arguments if isinstance(expression, Method) else children(expression)


def _divided(origins: frozenset[Origin]) -> frozenset[Origin]:
    return frozenset(replace(origin, divided=True) for origin in origins)


def earliest(origins: Iterable[Origin]) -> Origin:
    return min(origins, key=lambda origin: (origin.span.line, origin.span.column))
