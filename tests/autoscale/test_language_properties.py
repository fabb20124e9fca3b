"""Properties of every formula, tried on many."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.autoscale import (
    ConstantSamples,
    FormulaFault,
    PoolSnapshot,
    check,
    compile_formula,
    evaluate,
    parse,
    to_text,
)
from shoal.autoscale.functions import MAX_ELEMENTS
from shoal.autoscale.spans import Span
from shoal.autoscale.syntax import Formula
from tests.autoscale.builders import NOW
from tests.autoscale.strategies import BOUNDED, FITTING, FORMULAS, WORDS


@BOUNDED
@given(FORMULAS)
def test_any_formula_printed_and_parsed_again_is_the_same_tree(formula: Formula) -> None:
    assert parse(to_text(formula)) == formula


@BOUNDED
@given(st.lists(WORDS, max_size=40).map(" ".join) | st.text(max_size=60))
def test_any_text_is_parsed_or_refused_with_a_place_in_it(text: str) -> None:
    result = parsed(text)
    if isinstance(result, FormulaFault):
        assert within(text, result.span)
    else:
        assert parse(to_text(result)) == result


@BOUNDED
@given(FITTING, st.floats(0, 1e9))
def test_any_formula_that_fits_the_types_is_evaluated_or_fails_with_a_place_in_it(
    formula: Formula, tasks: float
) -> None:
    text = to_text(formula)
    samples = ConstantSamples({"PendingTasks": tasks})
    result = evaluate(compile_formula(parse(text)), time=NOW, samples=samples, pool=PoolSnapshot())
    assert result.results.startswith("$TargetDedicatedNodes=")
    assert result.error is None or result.error.detail.startswith("Line ")
    assert result.target_dedicated_nodes >= 0


@BOUNDED
@given(FORMULAS)
def test_any_formula_is_checked_and_each_fault_has_a_place_in_it(formula: Formula) -> None:
    text = to_text(formula)
    assert all(within(text, fault.span) for fault in check(parse(text)).faults)


@BOUNDED
@given(st.integers(0, 2000), st.sampled_from([";", "+", "(", "max(", "!", "a?", "a.b", "."]))
def test_no_repetition_overflows_the_parsers_stack(times: int, piece: str) -> None:
    assert parsed(piece * times)


def test_vector_that_keeps_doubling_is_stopped() -> None:
    text = "v = vec(1, 2);" + "v = vec(v, v);" * 40 + "$TargetDedicatedNodes = len(v);"
    result = evaluate(compile_formula(parse(text)), time=NOW, samples=ConstantSamples({}), pool=PoolSnapshot())
    assert result.error is not None
    assert f"a vector holds at most {MAX_ELEMENTS} values" in result.error.detail


def test_number_that_keeps_squaring_is_stopped() -> None:
    text = "x = 10;" + "x = x * x;" * 60 + "$TargetDedicatedNodes = x;"
    result = evaluate(compile_formula(parse(text)), time=NOW, samples=ConstantSamples({}), pool=PoolSnapshot())
    assert result.error is not None
    assert result.error.detail.endswith("$TargetDedicatedNodes cannot be inf")


@pytest.mark.parametrize("text", ["__import__", "x = os.system;", 'x = eval("1");', "x = time.__class__;"])
def test_formula_cannot_reach_python(text: str) -> None:
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
