"""Formulas of every shape, for hypothesis."""

from hypothesis import settings
from hypothesis import strategies as st

from shoal.autoscale.functions import ELEMENTWISE, REDUCTIONS
from shoal.autoscale.syntax import (
    PRECEDENCE,
    Binary,
    Call,
    Conditional,
    Expression,
    Formula,
    Member,
    Method,
    Name,
    Number,
    Statement,
    Text,
    Unary,
)
from shoal.autoscale.types import BINARY, FUNCTIONS, METHODS, TIMESTAMP_MEMBERS, Type
from shoal.autoscale.variables import OPTIONS, SERVICE_VARIABLES, TIME_CONSTANTS

BOUNDED = settings(max_examples=100, deadline=None, derandomize=True)

NAMES = st.sampled_from([*SERVICE_VARIABLES, *TIME_CONSTANTS, *OPTIONS, "a", "$b", "tasks"])
OWN = st.sampled_from(["a", "$b", "tasks", "$TargetDedicatedNodes", "$NodeDeallocationOption"])
MEMBERS = st.sampled_from([*METHODS, "hour", "weekday", "year"])
NUMBERS = st.floats(min_value=0, allow_infinity=False, allow_nan=False) | st.integers(0, 100).map(float)


def larger(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    arguments = st.lists(inner, max_size=3).map(tuple)
    return st.one_of(
        st.builds(Unary, st.sampled_from("-!"), inner),
        st.builds(Binary, st.sampled_from(list(PRECEDENCE)), inner, inner),
        st.builds(Conditional, inner, inner, inner),
        st.builds(Call, st.sampled_from([*FUNCTIONS, "nope"]), arguments),
        st.builds(Method, inner, MEMBERS, arguments),
        st.builds(Member, inner, MEMBERS),
    )


LEAVES: st.SearchStrategy[Expression] = st.one_of(
    st.builds(Number, NUMBERS), st.builds(Text, st.sampled_from(["", "x", "2026-01-01"])), st.builds(Name, NAMES)
)
EXPRESSIONS = st.recursive(LEAVES, larger, max_leaves=12)
FORMULAS = st.lists(st.builds(Statement, st.none() | st.builds(Name, OWN), EXPRESSIONS), max_size=5).map(
    lambda statements: Formula(tuple(statements))
)
WORDS = st.sampled_from(
    [
        *("$TargetDedicatedNodes", "$PendingTasks", "GetSample", "TimeInterval_Minute", "max", "time", "a", "1", '"x"'),
        *("=", "==", "(", ")", ";", ",", ".", "?", ":", "+", "-", "*", "/", "!", "&&", "||", "<", "\n", "//", "%", "é"),
    ]
)


def typed(depth: int) -> dict[Type, st.SearchStrategy[Expression]]:
    """Expressions of each type that fit together."""
    leaves: dict[Type, st.SearchStrategy[Expression]] = {
        Type.DOUBLE: st.builds(Number, NUMBERS)
        | st.just(Name("$TargetDedicatedNodes"))
        | st.just(Name("$PendingTasks")),
        Type.VECTOR: st.just(Method(Name("$PendingTasks"), "GetSample", (Number(3.0),))),
        Type.INTERVAL: st.builds(Name, st.sampled_from(list(TIME_CONSTANTS))),
        Type.TIMESTAMP: st.just(Call("time", ())),
    }
    if depth == 0:
        return leaves
    inner = typed(depth - 1)
    for (operator, left, right), result in BINARY.items():
        if {left, right, result} <= set(leaves):
            leaves[result] |= st.builds(Binary, st.just(operator), inner[left], inner[right])
    double, vector = inner[Type.DOUBLE], inner[Type.VECTOR]
    some = st.lists(double | vector, min_size=1, max_size=3).map(tuple)
    leaves[Type.DOUBLE] |= st.builds(Call, st.sampled_from(list(REDUCTIONS)), some)
    leaves[Type.DOUBLE] |= st.builds(Call, st.sampled_from(["val", "percentile"]), st.tuples(vector, double))
    leaves[Type.DOUBLE] |= st.builds(Member, inner[Type.TIMESTAMP], st.sampled_from(TIMESTAMP_MEMBERS))
    leaves[Type.DOUBLE] |= st.builds(Call, st.sampled_from(list(ELEMENTWISE)), st.tuples(double))
    leaves[Type.VECTOR] |= st.builds(Call, st.sampled_from([*ELEMENTWISE, "vec"]), some.filter(lambda it: len(it) > 1))
    windows = st.lists(inner[Type.INTERVAL], min_size=1, max_size=2).map(tuple)
    leaves[Type.VECTOR] |= st.builds(Method, st.just(Name("$PendingTasks")), st.just("GetSample"), windows)
    return leaves


TYPED = typed(3)
FITTING = st.builds(
    lambda double, vector, interval, timestamp: Formula(
        (
            Statement(Name("v"), vector),
            Statement(Name("i"), interval),
            Statement(Name("t"), timestamp),
            Statement(Name("$TargetDedicatedNodes"), double),
        )
    ),
    *(TYPED[type_] for type_ in (Type.DOUBLE, Type.VECTOR, Type.INTERVAL, Type.TIMESTAMP)),
)

DOUBLES = TYPED[Type.DOUBLE].map(lambda expression: Formula((Statement(Name("x"), expression),)))
