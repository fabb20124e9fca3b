"""The types of the language, and the result types of operators, functions and methods.

Source: "Create a formula to automatically scale compute nodes in a Batch pool", sections Types, Operations, Functions.
"""

from dataclasses import dataclass
from enum import Enum
from itertools import product


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
    form: str
    """The parameters as the documentation writes them."""
    many: bool = False
    least: int = 0
    """Fewest elements of the doubleVecList."""

    def fits(self, given: tuple[Type, ...]) -> bool:
        if self.many:
            return len(given) >= self.least and all(type_ in {Type.DOUBLE, Type.VECTOR} for type_ in given)
        return given == self.parameters


_PARAMETERS: dict[str, tuple[Type, ...]] = {
    "double": (Type.DOUBLE,),
    "doubleVec": (Type.VECTOR,),
    "string": (Type.STRING,),
    "timestamp or timeinterval": (Type.TIMESTAMP, Type.INTERVAL),
}


def _signatures(form: str, result: Type) -> tuple[Signature, ...]:
    """Return a signature for each combination of types that a documented form allows: `double [, double]` has two."""
    required, *optional = form.split(" [, ")
    names = [name for name in required.split(", ") if name]
    lengths = range(len(names), len(names) + len(optional) + 1)
    names += [name.rstrip("]") for name in optional]
    return tuple(
        Signature(types, result, form) for length in lengths for types in product(*map(_types, names[:length]))
    )


def _types(parameter: str) -> tuple[Type, ...]:
    return _PARAMETERS[parameter]


def _list(result: Type, *, least: int = 0) -> tuple[Signature, ...]:
    return (Signature((), result, "doubleVecList", many=True, least=least),)


FUNCTIONS: dict[str, tuple[Signature, ...]] = {
    # An empty list has a length and a sum, but no largest element.
    **{name: _list(Type.DOUBLE) for name in ("len", "sum")},
    **{name: _list(Type.DOUBLE, least=1) for name in ("avg", "max", "min", "norm", "range", "std")},
    **{
        name: (*_signatures("double", Type.DOUBLE), *_list(Type.VECTOR))
        for name in ("ceil", "floor", "lg", "ln", "log", "round")
    },
    "percentile": _signatures("doubleVec, double", Type.DOUBLE),
    "rand": _signatures("", Type.DOUBLE),
    "stop": _signatures("", Type.NOTHING),
    "time": (*_signatures("", Type.TIMESTAMP), *_signatures("string", Type.TIMESTAMP)),
    "val": _signatures("doubleVec, double", Type.DOUBLE),
    "vec": _list(Type.VECTOR),
}
"""Signatures of the functions; the first that fits counts."""

_WINDOW = "timestamp or timeinterval [, timestamp or timeinterval]"

METHODS: dict[str, tuple[Signature, ...]] = {
    "GetSample": (
        *_signatures("double", Type.VECTOR),
        *_signatures(_WINDOW, Type.VECTOR),
        *_signatures("timestamp or timeinterval, double", Type.VECTOR),
        *_signatures("timestamp or timeinterval, timestamp or timeinterval, double", Type.VECTOR),
    ),
    "GetSamplePercent": _signatures(_WINDOW, Type.DOUBLE),
    "GetSamplePeriod": _signatures("", Type.INTERVAL),
    "Count": _signatures("", Type.DOUBLE),
    "HistoryBeginTime": _signatures("", Type.TIMESTAMP),
}
"""Signatures of the methods of sampled variables."""

TIMESTAMP_MEMBERS = ("year", "month", "day", "weekday", "hour", "minute", "second")
