"""The built-in functions. Vectors are sequences of floats, oldest sample first.

Source: "Create a formula to automatically scale compute nodes in a Batch pool", section Functions.
"""

import math
from collections.abc import Callable, Sequence

MAX_ELEMENTS = 10_000
"""Longest vector: a formula that doubles one again and again must not exhaust memory."""


class Undefined(ValueError):
    """The function has no value for its arguments; the message says why."""


class NoValues(Undefined):
    """An empty vector where a value is needed: there were no samples."""


def avg(values: Sequence[float]) -> float:
    return math.fsum(_nonempty(values)) / len(values)


def length(values: Sequence[float]) -> float:
    return float(len(values))


def maximum(values: Sequence[float]) -> float:
    return max(_nonempty(values))


def minimum(values: Sequence[float]) -> float:
    return min(_nonempty(values))


def norm(values: Sequence[float]) -> float:
    return math.hypot(*_nonempty(values))


def spread(values: Sequence[float]) -> float:
    return max(_nonempty(values)) - min(values)


def std(values: Sequence[float]) -> float:
    """Return the standard deviation of a sample: the divisor is n - 1."""
    if len(_nonempty(values)) < 2:
        raise Undefined("std needs at least two values")
    mean = avg(values)
    return math.sqrt(math.fsum((value - mean) * (value - mean) for value in values) / (len(values) - 1))


def total(values: Sequence[float]) -> float:
    return math.fsum(values)


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest element that at least `percent` of the elements do not exceed: nearest rank."""
    if not 0 <= percent <= 100:
        raise Undefined(f"percentile takes a percentage from 0 to 100, not {percent:g}")
    rank = math.ceil(percent / 100 * len(_nonempty(values)))
    return sorted(values)[max(1, rank) - 1]  # 0 percent has rank 0; it means the smallest


def element(values: Sequence[float], index: float) -> float:
    # int() raises for inf and nan.
    if not (math.isfinite(index) and 0 <= int(index) < len(values)):
        raise Undefined(f"there is no element {index:g}: the vector has {len(values)} elements, counted from 0")
    return values[int(index)]


def ceil(value: float) -> float:
    return float(math.ceil(_finite(value)))


def floor(value: float) -> float:
    return float(math.floor(_finite(value)))


def rounded(value: float) -> float:
    """Round to the nearest whole number, halves away from zero."""
    return math.copysign(math.floor(abs(_finite(value)) + 0.5), value)


def _logarithm(name: str, log: Callable[[float], float]) -> Callable[[float], float]:
    def checked(value: float) -> float:
        if value <= 0:
            raise Undefined(f"{name} of {value:g} is not defined")
        return log(value)

    return checked


def _nonempty(values: Sequence[float]) -> Sequence[float]:
    if not values:
        raise NoValues("there are no samples, and an empty vector has no value")
    return values


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise Undefined("the number is too large")
    return value


REDUCTIONS: dict[str, Callable[[Sequence[float]], float]] = {
    "avg": avg,
    "len": length,
    "max": maximum,
    "min": minimum,
    "norm": norm,
    "range": spread,
    "std": std,
    "sum": total,
}

ELEMENTWISE: dict[str, Callable[[float], float]] = {
    "ceil": ceil,
    "floor": floor,
    "round": rounded,
    "lg": _logarithm("lg", math.log2),
    "ln": _logarithm("ln", math.log),
    "log": _logarithm("log", math.log10),
}


def joined(parts: Sequence[Sequence[float]]) -> Sequence[float]:
    """Return the elements of all parts in one vector."""
    if sum(map(len, parts)) > MAX_ELEMENTS:
        raise Undefined(f"a vector holds at most {MAX_ELEMENTS} values")
    return [value for part in parts for value in part]
