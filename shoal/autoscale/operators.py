"""The operators, as closures: one for each place in a formula.

Whatever depends only on types is decided when the closure is made, so evaluation needs no type checks.
"""

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

from shoal.autoscale.errors import EvaluationFault
from shoal.autoscale.frames import Frame
from shoal.autoscale.spans import Span
from shoal.autoscale.ticks import MAX_INTERVAL, MAX_TIMESTAMP
from shoal.autoscale.types import Type

Run = Callable[[Frame], Any]
"""Types are checked before compilation, so a closure need not declare which type it returns."""

_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {"+": operator.add, "-": operator.sub, "*": operator.mul}


def binary(op: str, left: Run, right: Run, types: tuple[Type, Type], span: Span) -> Run:
    """Return the closure of `left op right`; `types` are the types of the two operands."""
    if op in {"&&", "||"}:
        return _logic(op, left, right)
    if op in _COMPARISONS:
        return _COMPARISONS[op](left, right)
    if types == (Type.DOUBLE, Type.DOUBLE):
        return _doubles(op, left, right, span)
    if types[0] is Type.VECTOR:
        return _vectors(op, left, right, span, right_is_vector=types[1] is Type.VECTOR)
    if Type.DOUBLE in types:
        return _scaled(op, left, right, span)
    # Of what is left, only timestamp + interval is a timestamp; timestamp - timestamp is an interval.
    limits = (0, MAX_TIMESTAMP) if (op, Type.TIMESTAMP in types) == ("+", True) else (-MAX_INTERVAL, MAX_INTERVAL)
    return _times(op, left, right, span, limits)


def unary(op: str, operand: Run) -> Run:
    if op == "-":
        return lambda frame: -operand(frame)
    return lambda frame: 0.0 if operand(frame) else 1.0


def conditional(test: Run, then: Run, otherwise: Run) -> Run:
    """Return a closure that evaluates only the chosen branch: the other one may have no value."""
    return lambda frame: then(frame) if test(frame) else otherwise(frame)


def _logic(op: str, left: Run, right: Run) -> Run:
    if op == "&&":
        return lambda frame: 1.0 if left(frame) and right(frame) else 0.0
    return lambda frame: 1.0 if left(frame) or right(frame) else 0.0


_COMPARISONS: dict[str, Callable[[Run, Run], Run]] = {
    "<": lambda left, right: lambda frame: 1.0 if left(frame) < right(frame) else 0.0,
    "<=": lambda left, right: lambda frame: 1.0 if left(frame) <= right(frame) else 0.0,
    ">": lambda left, right: lambda frame: 1.0 if left(frame) > right(frame) else 0.0,
    ">=": lambda left, right: lambda frame: 1.0 if left(frame) >= right(frame) else 0.0,
    "==": lambda left, right: lambda frame: 1.0 if left(frame) == right(frame) else 0.0,
    "!=": lambda left, right: lambda frame: 1.0 if left(frame) != right(frame) else 0.0,
}


def _doubles(op: str, left: Run, right: Run, span: Span) -> Run:
    # Spelled out rather than taken from _ARITHMETIC: most operations are on doubles, and Python's own need no call.
    match op:
        case "+":
            return lambda frame: left(frame) + right(frame)
        case "-":
            return lambda frame: left(frame) - right(frame)
        case "*":
            return lambda frame: left(frame) * right(frame)
    divide = _divide(span)
    return lambda frame: divide(left(frame), right(frame))


def _divide(span: Span) -> Callable[[float, float], float]:
    def divide(dividend: float, divisor: float) -> float:
        if divisor == 0:
            raise EvaluationFault("division by zero", span)
        return dividend / divisor

    return divide


def _vectors(op: str, left: Run, right: Run, span: Span, *, right_is_vector: bool) -> Run:
    each = _divide(span) if op == "/" else _ARITHMETIC[op]

    def with_vector(frame: Frame) -> Sequence[float]:
        first, second = left(frame), right(frame)
        if len(first) != len(second):
            raise EvaluationFault(f"vectors of {len(first)} and {len(second)} values cannot be combined", span)
        return [each(a, b) for a, b in zip(first, second, strict=True)]

    def with_double(frame: Frame) -> Sequence[float]:
        first, second = left(frame), right(frame)
        return [each(a, second) for a in first]

    return with_vector if right_is_vector else with_double


def _scaled(op: str, left: Run, right: Run, span: Span) -> Run:
    """Multiply or divide a timeinterval by a double, rounded to the nearest tick."""
    each = _divide(span) if op == "/" else operator.mul

    def run(frame: Frame) -> int:
        try:
            ticks = each(left(frame), right(frame))
        except OverflowError:
            ticks = math.inf
        if not abs(ticks) <= MAX_INTERVAL:  # not `>`: nan must fail too
            raise EvaluationFault("the time interval is too long", span)
        return round(ticks)

    return run


def _times(op: str, left: Run, right: Run, span: Span, limits: tuple[int, int]) -> Run:
    each = _ARITHMETIC[op]
    low, high = limits

    def run(frame: Frame) -> int:
        ticks: int = each(left(frame), right(frame))
        if not low <= ticks <= high:
            raise EvaluationFault("the time is outside the calendar, which ends with the year 9999", span)
        return ticks

    return run
