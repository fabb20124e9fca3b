"""What holds for every formula, tried on many."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoal.autoscale import (
    ConstantSamples,
    FormulaFault,
    PoolState,
    check,
    compile_formula,
    evaluate,
    parse,
    to_text,
)
from shoal.autoscale.functions import ELEMENTWISE, MAX_ELEMENTS, REDUCTIONS
from shoal.autoscale.spans import Span
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
from tests.autoscale.builders import NOW

BOUNDED = settings(max_examples=150, deadline=timedelta(seconds=2), derandomize=True)

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


@BOUNDED
@given(FORMULAS)
def test_any_formula_printed_and_parsed_again_is_the_same_tree(formula: Formula) -> None:
    assert parse(to_text(formula)) == formula


@BOUNDED
@given(st.lists(WORDS, max_size=40).map(" ".join) | st.text(max_size=60))
def test_any_text_is_parsed_or_refused_with_a_place_in_it(text: str) -> None:
    found = parsed(text)
    if isinstance(found, FormulaFault):
        assert within(text, found.span)
    else:
        assert parse(to_text(found)) == found


@BOUNDED
@given(FITTING, st.floats(0, 1e9))
def test_any_formula_that_fits_the_types_is_evaluated_or_fails_with_a_place_in_it(
    formula: Formula, tasks: float
) -> None:
    text = to_text(formula)
    samples = ConstantSamples({"PendingTasks": tasks})
    found = evaluate(compile_formula(parse(text)), time=NOW, samples=samples, pool=PoolState())
    assert found.results.startswith("$TargetDedicatedNodes=")
    assert found.error is None or found.error.detail.startswith("Line ")
    assert found.target_dedicated_nodes >= 0


@BOUNDED
@given(FORMULAS)
def test_any_formula_is_checked_and_each_fault_has_a_place_in_it(formula: Formula) -> None:
    text = to_text(formula)
    assert all(within(text, fault.span) for fault in check(parse(text)).faults)


@BOUNDED
@given(st.integers(0, 2000), st.sampled_from([";", "+", "(", "max(", "!", "a?", "a.b", "."]))
def test_no_repetition_takes_the_parser_out_of_its_stack(times: int, piece: str) -> None:
    assert parsed(piece * times)


def test_vector_that_doubles_again_and_again_is_stopped() -> None:
    text = "v = vec(1, 2);" + "v = vec(v, v);" * 40 + "$TargetDedicatedNodes = len(v);"
    found = evaluate(compile_formula(parse(text)), time=NOW, samples=ConstantSamples({}), pool=PoolState())
    assert found.error is not None
    assert f"a vector holds at most {MAX_ELEMENTS} values" in found.error.detail


def test_number_that_squares_again_and_again_is_stopped() -> None:
    text = "x = 10;" + "x = x * x;" * 60 + "$TargetDedicatedNodes = x;"
    found = evaluate(compile_formula(parse(text)), time=NOW, samples=ConstantSamples({}), pool=PoolState())
    assert found.error is not None
    assert found.error.detail.endswith("$TargetDedicatedNodes cannot be inf")


@pytest.mark.parametrize("text", ["__import__", "x = os.system;", 'x = eval("1");', "x = time.__class__;"])
def test_nothing_of_the_evaluators_own_language_can_be_reached(text: str) -> None:
    assert check(parse(text)).faults


def parsed(text: str) -> Formula | FormulaFault:
    try:
        return parse(text)
    except FormulaFault as fault:
        return fault


def within(text: str, span: Span) -> bool:
    lines = [*text.split("\n"), ""]
    assert span.length >= 1
    return 1 <= span.line <= len(lines) and 1 <= span.column <= len(lines[span.line - 1]) + 1
