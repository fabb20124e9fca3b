"""The types of the language, and the result types of operators, functions and methods.

Source: "Create a formula to automatically scale compute nodes in a Batch pool", sections Types, Operations, Functions.
"""

from dataclasses import dataclass
from enum import Enum


class Type(Enum):
    DOUBLE = "double"
    VECTOR = "doubleVec"
    STRING = "string"
    TIMESTAMP = "timestamp"
    INTERVAL = "timeinterval"
    METRIC = "sampled variable"
    """A service variable with a history; stands for its current value where a double is needed."""
    OPTION = "deallocation option"
    NOTHING = "nothing"
    """The result of stop()."""
    UNKNOWN = "unknown"
    """The type after a fault, so that the fault is reported only once."""


def _arithmetic() -> dict[tuple[str, Type, Type], Type]:
    double, vector, interval, timestamp = Type.DOUBLE, Type.VECTOR, Type.INTERVAL, Type.TIMESTAMP
    table = {(op, double, double): double for op in "+-*/"}
    table |= {(op, vector, right): vector for op in "+-*/" for right in (double, vector)}
    table |= {("*", double, interval): interval, ("*", interval, double): interval, ("/", interval, double): interval}
    table |= {("+", interval, interval): interval, ("-", interval, interval): interval}
    table |= {("+", interval, timestamp): timestamp, ("+", timestamp, interval): timestamp}
    table |= {("-", timestamp, timestamp): interval}
    return table


def _logic() -> dict[tuple[str, Type, Type], Type]:
    comparable = (Type.DOUBLE, Type.STRING, Type.TIMESTAMP, Type.INTERVAL)
    comparisons = {(op, type_, type_): Type.DOUBLE for op in ("<", "<=", "==", ">=", ">", "!=") for type_ in comparable}
    return comparisons | {(op, Type.DOUBLE, Type.DOUBLE): Type.DOUBLE for op in ("&&", "||")}


BINARY = _arithmetic() | _logic()
"""(operator, left, right) → result; any other combination is refused."""

UNARY = {
    ("-", Type.DOUBLE): Type.DOUBLE,
    ("!", Type.DOUBLE): Type.DOUBLE,
    ("-", Type.INTERVAL): Type.INTERVAL,
}


@dataclass(frozen=True, slots=True)
class Signature:
    """Parameters and result of a function. With `many`, it takes a doubleVecList: any number of doubles and vectors."""

    parameters: tuple[Type, ...]
    result: Type
    many: bool = False

    def shown(self, name: str) -> str:
        inside = "doubleVecList" if self.many else ", ".join(parameter.value for parameter in self.parameters)
        return f"{name}({inside})"


def _reduction() -> tuple[Signature, ...]:
    return (Signature((), Type.DOUBLE, many=True),)


def _elementwise() -> tuple[Signature, ...]:
    return (Signature((Type.DOUBLE,), Type.DOUBLE), Signature((), Type.VECTOR, many=True))


FUNCTIONS: dict[str, tuple[Signature, ...]] = {
    **{name: _reduction() for name in ("avg", "len", "max", "min", "norm", "range", "std", "sum")},
    **{name: _elementwise() for name in ("ceil", "floor", "lg", "ln", "log", "round")},
    "percentile": (Signature((Type.VECTOR, Type.DOUBLE), Type.DOUBLE),),
    "rand": (Signature((), Type.DOUBLE),),
    "stop": (Signature((), Type.NOTHING),),
    "time": (Signature((), Type.TIMESTAMP), Signature((Type.STRING,), Type.TIMESTAMP)),
    "val": (Signature((Type.VECTOR, Type.DOUBLE), Type.DOUBLE),),
    "vec": (Signature((), Type.VECTOR, many=True),),
}
"""Signatures of the functions; the first that fits counts."""


def _sampling() -> dict[str, tuple[Signature, ...]]:
    vector, double, interval, timestamp = Type.VECTOR, Type.DOUBLE, Type.INTERVAL, Type.TIMESTAMP
    windows = [(bound,) for bound in (interval, timestamp)] + [(bound, bound) for bound in (interval, timestamp)]
    samples = [(double,), *windows, *[(*window, double) for window in windows]]
    return {
        "GetSample": tuple(Signature(parameters, vector) for parameters in samples),
        "GetSamplePercent": tuple(Signature(parameters, double) for parameters in windows),
        "GetSamplePeriod": (Signature((), interval),),
        "Count": (Signature((), double),),
        "HistoryBeginTime": (Signature((), timestamp),),
    }


METHODS = _sampling()
"""Signatures of the methods of sampled variables."""

TIMESTAMP_MEMBERS = ("year", "month", "day", "weekday", "hour", "minute", "second")
