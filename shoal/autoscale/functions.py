"""What the built-in functions compute. Vectors are sequences of floats, oldest sample first.

Source: "Create a formula to automatically scale compute nodes in a Batch pool", section Functions.
"""

import math
from collections.abc import Callable, Sequence

MAX_ELEMENTS = 10_000
"""Of a vector: a formula that doubles one again and again must not take the machine's memory."""


class Undefined(ValueError):
    """The function has no value there; the message says why."""


class NoValues(Undefined):
    """A vector without elements, where one value is wanted: there were no samples."""


def avg(values: Sequence[float]) -> float:
    return math.fsum(_some(values)) / len(values)


def length(values: Sequence[float]) -> float:
    return float(len(values))


def maximum(values: Sequence[float]) -> float:
    return max(_some(values))


def minimum(values: Sequence[float]) -> float:
    return min(_some(values))


def norm(values: Sequence[float]) -> float:
    return math.hypot(*_some(values))


def spread(values: Sequence[float]) -> float:
    return max(_some(values)) - min(values)


def std(values: Sequence[float]) -> float:
    """Of the sample: divided by n - 1."""
    if len(_some(values)) < 2:
        raise Undefined("std needs at least two values")
    mean = avg(values)
    return math.sqrt(math.fsum((value - mean) * (value - mean) for value in values) / (len(values) - 1))


def total(values: Sequence[float]) -> float:
    return math.fsum(values)


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest element that at least `percent` of the elements do not exceed: nearest rank."""
    if not 0 <= percent <= 100:
        raise Undefined(f"percentile takes a percentage from 0 to 100, not {percent:g}")
    rank = math.ceil(percent / 100 * len(_some(values)))
    return sorted(values)[max(1, rank) - 1]


def element(values: Sequence[float], index: float) -> float:
    if not (math.isfinite(index) and 0 <= int(index) < len(values)):
        raise Undefined(f"the vector has {len(values)} elements, from 0; there is no element {index:g}")
    return values[int(index)]


def ceil(value: float) -> float:
    return float(math.ceil(_finite(value)))


def floor(value: float) -> float:
    return float(math.floor(_finite(value)))


def rounded(value: float) -> float:
    """To the nearest whole number, halves away from zero."""
    return math.copysign(math.floor(abs(_finite(value)) + 0.5), value)


def _logarithm(name: str, log: Callable[[float], float]) -> Callable[[float], float]:
    def of(value: float) -> float:
        if value <= 0:
            raise Undefined(f"{name} of {value:g} is not defined")
        return log(value)

    return of


def _some(values: Sequence[float]) -> Sequence[float]:
    if not values:
        raise NoValues("there are no samples to take a value of")
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
    """The elements of all parts, one after the other."""
    if sum(map(len, parts)) > MAX_ELEMENTS:
        raise Undefined(f"a vector holds at most {MAX_ELEMENTS} values")
    return [value for part in parts for value in part]
