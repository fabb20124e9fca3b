"""Bounds between which the numbers of a formula lie, whatever the pool does.

Doubles, the elements of vectors and time intervals (in ticks) are followed; any other value is unbounded.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from shoal.autoscale.checking import Checked
from shoal.autoscale.lint.constraints import MIRRORED, NEGATED, Constraint, contradiction
from shoal.autoscale.lint.ranges import AMOUNT, ANYTHING, Range, called, compared, computed, known, negative, whole
from shoal.autoscale.printing import expression_text
from shoal.autoscale.syntax import (
    Binary,
    Call,
    Conditional,
    Expression,
    Member,
    Method,
    Name,
    Number,
    Unary,
    postorder,
)
from shoal.autoscale.types import Type
from shoal.autoscale.variables import DEALLOCATION, SLOTS_PER_NODE, TIME_CONSTANTS, service_name
from shoal.azure.limits import TASK_SLOTS_PER_NODE

_MEMBERS = {
    "year": Range(1, 9999),
    "month": Range(1, 12),
    "day": Range(1, 31),
    "weekday": Range(0, 6),
    "hour": Range(0, 23),
    "minute": Range(0, 59),
    "second": Range(0, 59),
}
_METHODS = {"GetSample": AMOUNT, "GetSamplePercent": Range(0, 100), "Count": AMOUNT, "GetSamplePeriod": AMOUNT}


@dataclass(frozen=True, slots=True)
class Bounds:
    ranges: Mapping[int, Range]
    """Keyed by id() of the expression."""
    contradictions: Mapping[int, str]
    """Keyed by id() of an && or || expression: the term that makes it never, or always, true."""

    def of(self, expression: Expression) -> Range:
        return self.ranges[id(expression)]


def bounds_of(checked: Checked, *, open_settings: bool = False) -> Bounds:
    """Find the bounds. With `open_settings`, a variable that is assigned a constant may have any value."""
    walk = _Walk(checked, open_settings=open_settings)
    for statement in checked.formula.statements:
        walk.range(statement.value)
        if statement.target is not None:
            walk.assign(service_name(statement.target.name) or statement.target.name, statement.value)
    return Bounds(walk.ranges, walk.contradictions)


class _Walk:
    def __init__(self, checked: Checked, *, open_settings: bool) -> None:
        self._checked = checked
        self._open_settings = open_settings
        self._settings: set[str] = set()
        self.ranges: dict[int, Range] = {}
        self.contradictions: dict[int, str] = {}
        self._variables: dict[str, Range] = {}
        self._if_true: dict[int, tuple[Constraint, ...]] = {}
        self._if_false: dict[int, tuple[Constraint, ...]] = {}
        """Constraints that hold where an expression is true, and where it is false, by id()."""
        self._constraints: dict[str, tuple[Constraint, ...]] = {}
        """Constraints of the variables that hold a conjunction of comparisons."""

    def assign(self, name: str, value: Expression) -> None:
        # Before the name gets its new bounds: in `x = x > 3` the right side speaks of the old x.
        constraints = self._if_true[id(value)]
        self._variables[name] = self.ranges[id(value)]
        if self._open_settings and all(self._is_set(part) for part in postorder(value)):
            self._settings.add(name)
            self._variables[name] = ANYTHING
        else:
            self._settings.discard(name)
        # Constraints on the old value of the name no longer hold.
        self._constraints = {
            other: kept
            for other, kept in {**self._constraints, name: constraints}.items()
            if not any(name in one.names for one in kept)
        }

    def _is_set(self, part: Expression) -> bool:
        match part:
            case Name(name):
                return name in self._settings or name in TIME_CONSTANTS
            case Call(name):
                return name not in {"time", "rand"}
            case _:
                return not isinstance(part, Method | Member)

    def range(self, expression: Expression) -> None:
        for part in postorder(expression):
            self._if_true[id(part)] = self._conjunction(part)
            self._if_false[id(part)] = self._negated_disjunction(part)
            bounds = self._range(part)
            if self._checked.type_of(part) is Type.INTERVAL:
                bounds = whole(bounds)  # intervals are rounded to ticks
            self.ranges[id(part)] = bounds

    def _range(self, expression: Expression) -> Range:
        match expression:
            case Number(value):
                return Range(value, value)
            case Name(name):
                return self._name(name)
            case Unary("-", operand):
                return negative(self.ranges[id(operand)])
            case Unary(_, operand):
                truth = self.ranges[id(operand)].truth
                return known(None if truth is None else not truth)
            case Binary(operator, left, right):
                return self._binary(expression, operator, self.ranges[id(left)], self.ranges[id(right)])
            case Conditional(test, then, otherwise):
                truth = self.ranges[id(test)].truth
                branches = [self.ranges[id(branch)] for branch in (then, otherwise)]
                return branches[0] | branches[1] if truth is None else branches[0 if truth else 1]
            case Call(name, arguments):
                return called(name, [self.ranges[id(argument)] for argument in arguments])
            case Method(_, name):
                return _METHODS.get(name, ANYTHING)
            case Member(_, name):
                return _MEMBERS.get(name, ANYTHING)
            case _:
                return ANYTHING

    def _name(self, name: str) -> Range:
        service = service_name(name)
        if bounds := self._variables.get(service or name):
            return bounds
        if name in TIME_CONSTANTS:
            return Range(TIME_CONSTANTS[name], TIME_CONSTANTS[name])
        if service == SLOTS_PER_NODE:
            return Range(
                1, TASK_SLOTS_PER_NODE
            )  # Source: "Run tasks concurrently": at most four for each core, and 256 in all
        return AMOUNT if service not in {None, DEALLOCATION} else ANYTHING

    def _binary(self, expression: Binary, operator: str, left: Range, right: Range) -> Range:
        if operator in NEGATED:
            return known(compared(operator, left, right))
        if operator not in {"&&", "||"}:
            return computed(operator, left, right)
        decisive = operator == "||"  # the truth that one operand can decide alone
        if decisive in {left.truth, right.truth}:
            return known(decisive)
        # An || is always true where its negation, a conjunction, contradicts itself.
        constraints = (self._if_false if decisive else self._if_true)[id(expression)]
        if term := contradiction(constraints):
            self.contradictions[id(expression)] = term
            return known(decisive)
        return known(None if None in {left.truth, right.truth} else not decisive)

    def _conjunction(self, expression: Expression) -> tuple[Constraint, ...]:
        """Return what must hold for the expression to be true, as far as it is a conjunction of comparisons."""
        match expression:
            case Binary("&&", left, right):
                return self._if_true[id(left)] + self._if_true[id(right)]
            case Binary(operator, left, right) if operator in NEGATED:
                return self._comparison(operator, left, right)
            case Name(name):
                return self._constraints.get(name, ())
            case _:
                return ()

    def _negated_disjunction(self, expression: Expression) -> tuple[Constraint, ...]:
        """Return what must hold for a disjunction of comparisons to be false."""
        match expression:
            # No names here, unlike above: a variable's constraints hold where it is true, not where it is false.
            case Binary("||", left, right):
                return self._if_false[id(left)] + self._if_false[id(right)]
            case Binary(operator, left, right) if operator in NEGATED:
                return self._comparison(NEGATED[operator], left, right)
            case _:
                return ()

    def _comparison(self, operator: str, left: Expression, right: Expression) -> tuple[Constraint, ...]:
        for term, other, sign in ((left, right, operator), (right, left, MIRRORED[operator])):
            number = self.ranges[id(other)].constant
            text = expression_text(term)
            # Two calls of rand() are written alike but give different numbers.
            if number is not None and self.ranges[id(term)].constant is None and "rand(" not in text:
                return (Constraint(text, sign, number, frozenset(_names(term))),)
        return ()


def _names(expression: Expression) -> Iterator[str]:
    for part in postorder(expression):
        if isinstance(part, Name):
            yield service_name(part.name) or part.name
