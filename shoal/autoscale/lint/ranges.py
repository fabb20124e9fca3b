"""Ranges of numbers, and the ranges that operators and functions make of them."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from shoal.autoscale.functions import rounded


@dataclass(frozen=True, slots=True)
class Range:
    """All numbers from `low` to `high`; for a vector, the range of its elements."""

    low: float
    high: float

    @property
    def constant(self) -> float | None:
        return self.low if self.low == self.high and math.isfinite(self.low) else None

    @property
    def truth(self) -> bool | None:
        """Return True where the range excludes zero, False where it is only zero, None where it has both."""
        if self == FALSE:
            return False
        return True if self.low > 0 or self.high < 0 else None

    def __or__(self, other: "Range") -> "Range":
        return Range(min(self.low, other.low), max(self.high, other.high))


ANYTHING = Range(-math.inf, math.inf)
AMOUNT = Range(0, math.inf)
FALSE, TRUE, EITHER = Range(0, 0), Range(1, 1), Range(0, 1)


_WHOLE: Mapping[str, Callable[[float], float]] = {"ceil": math.ceil, "floor": math.floor, "round": rounded}


def known(truth: bool | None) -> Range:
    return EITHER if truth is None else (TRUE if truth else FALSE)


def negative(operand: Range) -> Range:
    return Range(-operand.high, -operand.low)


def whole(operand: Range) -> Range:
    """Widen the range to the whole numbers that its numbers can be rounded to."""
    return Range(_whole("floor", operand.low), _whole("ceil", operand.high))


def compared(operator: str, left: Range, right: Range) -> bool | None:
    """Return True where the comparison holds for all numbers of the ranges, False where for none, else None."""
    match operator:
        case ">" | ">=":
            return compared("<" if operator == ">" else "<=", right, left)
        case "<":
            return True if left.high < right.low else (False if left.low >= right.high else None)
        case "<=":
            return True if left.high <= right.low else (False if left.low > right.high else None)
        case "==" if left.constant is not None and left == right:
            return True
        case "==":
            return False if left.high < right.low or left.low > right.high else None
        case _:
            equal = compared("==", left, right)
            return None if equal is None else not equal


def computed(operator: str, left: Range, right: Range) -> Range:
    """Return the range of `left operator right`."""
    match operator:
        case "+":
            # The sum of inf and -inf may be any number.
            return _spanned([left.low + right.low, left.high + right.high])
        case "-":
            return computed("+", left, negative(right))
        case "*":
            return _spanned([_product(a, b) for a in (left.low, left.high) for b in (right.low, right.high)])
    # Only division is left; its result is bounded where the divisor cannot be zero.
    if right.low > 0 or right.high < 0:
        return computed("*", left, Range(1 / right.high, 1 / right.low))
    return AMOUNT if left.low >= 0 and right.low >= 0 else ANYTHING


def called(name: str, arguments: Sequence[Range]) -> Range:
    """Return the range of a function's result."""
    match name:
        case "max" | "min":
            pick = max if name == "max" else min
            return Range(pick(one.low for one in arguments), pick(one.high for one in arguments))
        case "avg" | "vec" | "val" | "percentile":
            values = arguments[:1] if name in {"val", "percentile"} else arguments
            return _spanned([bound for one in values for bound in (one.low, one.high)])
        case "ceil" | "floor" | "round":
            # These functions never decrease, so the ends of the range bound the results.
            return _spanned([_whole(name, bound) for one in arguments for bound in (one.low, one.high)])
        case "len" | "norm" | "range" | "std":
            return AMOUNT
        case "sum" if all(one.low >= 0 for one in arguments):
            return AMOUNT
        case "rand":
            return EITHER
        case _:
            return ANYTHING


def _product(a: float, b: float) -> float:
    return 0.0 if 0 in {a, b} else a * b  # 0 * inf would be nan


def _whole(name: str, bound: float) -> float:
    if math.isinf(bound):
        return bound
    return _WHOLE[name](bound)


def _spanned(bounds: Sequence[float]) -> Range:
    return ANYTHING if any(map(math.isnan, bounds)) else Range(min(bounds), max(bounds))
