import pytest

from shoal.autoscale import ConstantSamples, PoolSnapshot, compile_formula, evaluate
from shoal.autoscale.errors import FormulaTooLong, SyntaxFault
from shoal.autoscale.parser import parse
from shoal.autoscale.printing import to_text
from shoal.autoscale.review import ERRORS, review
from tests.autoscale import published
from tests.autoscale.builders import NOW


@pytest.mark.parametrize(
    ("text", "grouped"),
    [
        ("1 + 2 * 3", "1 + 2 * 3"),
        ("(1 + 2) * 3", "(1 + 2) * 3"),
        ("8 - 4 - 2", "(8 - 4) - 2"),
        ("8 - (4 - 2)", "8 - (4 - 2)"),
        ("8 / 4 / 2", "(8 / 4) / 2"),
        ("-1 * 2", "(-1) * 2"),
        ("!1 == 0", "(!1) == 0"),
        ("1 < 2 == 3 > 4", "(1 < 2) == (3 > 4)"),
        ("1 == 2 && 3 != 4 || 5", "((1 == 2) && (3 != 4)) || 5"),
        ("1 || 2 && 3", "1 || (2 && 3)"),
        ("1 + 2 < 3 + 4", "(1 + 2) < (3 + 4)"),
        ("1 ? 2 : 3 ? 4 : 5", "1 ? 2 : (3 ? 4 : 5)"),
        ("1 ? 2 ? 3 : 4 : 5", "1 ? (2 ? 3 : 4) : 5"),
        ("1 || 2 ? 3 : 4", "(1 || 2) ? 3 : 4"),
        ("-time().hour", "-(time().hour)"),
    ],
)
def test_operators_bind_as_in_c(text: str, grouped: str) -> None:
    assert parse(text) == parse(grouped)


@pytest.mark.parametrize(
    ("text", "other"),
    [("8 - 4 - 2", "8 - (4 - 2)"), ("1 || 2 && 3", "(1 || 2) && 3"), ("1 ? 2 : 3 ? 4 : 5", "(1 ? 2 : 3) ? 4 : 5")],
)
def test_brackets_that_regroup_make_another_tree(text: str, other: str) -> None:
    assert parse(text) != parse(other)


def test_comments_blank_lines_and_stray_semicolons_do_not_count() -> None:
    assert parse("// first\n\n a = 1; ; // second\n b\t=\n2 ;;") == parse("a = 1; b = 2")


def test_last_statement_needs_no_semicolon() -> None:
    assert len(parse("a = 1; b = 2").statements) == 2


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("a = 1\n$b = 2;", 1, 6, "';' is missing before '$b'"),
        ("a = ;", 1, 5, "expected a value, but found ';'"),
        ("a = (1 + 2;", 1, 11, "expected ')', but found ';'; the bracket opened at line 1, column 5 is not closed"),
        ("a = max(1, 2", 1, 13, "expected ',', but the formula ends; the bracket opened at line 1, column 8"),
        ("a = 1 ? 2;", 1, 10, "expected ':', but found ';'"),
        ("a = b = c;", 1, 7, "expected an operator or ';', but found '='; to compare, write '=='"),
        ("a = 7 % 2;", 1, 7, "unexpected character '%'; there is no remainder operator"),
        ("a = 'x';", 1, 5, "put strings in double quotes"),
        ('\n a = time("2026);', 2, 11, "the string is not closed on its line"),
        ("a = 1 & 2;", 1, 7, "did you mean '&&'?"),
        ("a = $PendingTasks.;", 1, 19, "expected the name of a member or method"),
        ("a = 1e999;", 1, 5, "the number 1e999 is too large"),
        ("a = [1, 2];", 1, 5, "vec(1, 2, 3)"),
        ("a = ü;", 1, 5, "unexpected character 'ü'"),
        (
            'a = time(\\"2026-01-01\\");',
            1,
            10,
            'the text is escaped, as in JSON or a shell; write " for \\", and a line',
        ),
        ("a = 1;\\nb = 2;", 1, 7, "a line break for \\n"),
    ],
)
def test_first_syntax_error_is_reported_with_its_place(text: str, line: int, column: int, message: str) -> None:
    with pytest.raises(SyntaxFault) as caught:
        parse(text)
    assert message in str(caught.value)
    assert (caught.value.span.line, caught.value.span.column) == (line, column)
    assert caught.value.code == "AutoScalingFormulaSyntaxError"


def test_fault_is_shown_with_its_line_and_a_caret() -> None:
    text = "a = 1;\n\tb = 7 % 2;"
    with pytest.raises(SyntaxFault) as caught:
        parse(text)
    assert caught.value.shown(text, "f.txt") == (
        "f.txt:2:8: unexpected character '%'; there is no remainder operator; write a - b * floor(a / b)\n"
        "   2 | \tb = 7 % 2;\n"
        "     | \t      ^"
    )


def test_formula_of_8192_characters_is_accepted_and_one_more_is_not() -> None:
    text = "a = 1; //".ljust(8192, "x")
    assert parse(text) == parse("a = 1")
    with pytest.raises(FormulaTooLong, match="8193 characters") as caught:
        parse(text + "x")
    assert caught.value.code == "AutoScaleFormulaTooLong"


def test_formula_of_100_statements_is_accepted_and_one_more_is_not() -> None:
    assert len(parse("a = 1;" * 100).statements) == 100
    with pytest.raises(FormulaTooLong, match="101 statements"):
        parse("a = 1;" * 101)


@pytest.mark.parametrize("text", ["(" * 4000, "-" * 8000, "1?" * 4000, "max(" * 2000, "1" + "+1" * 4000 + "+"])
def test_very_deep_formula_that_ends_early_is_refused_with_a_place(text: str) -> None:
    with pytest.raises(SyntaxFault, match="but the formula ends") as caught:
        parse(text)
    assert (caught.value.span.line, caught.value.span.column) == (1, len(text) + 1)


DEEP = {
    "a sum": ("1" + "+1" * 4000, 4001),
    "signs": ("-" * 8000 + "7", 7),
    "brackets": ("(" * 4000 + "7" + ")" * 4000, 7),
    "brackets on the right": ("1+(" * 2000 + "7" + ")" * 2000, 2007),
    "calls": ("max(" * 1600 + "7" + ")" * 1600, 7),
    "conditionals in a row": ("0?1:" * 2000 + "7", 7),
    "conditionals within each other": ("1?" * 2000 + "7" + ":0" * 2000, 7),
    "conditionals as tests": ("(" * 1300 + "1" + "?1:0)" * 1300 + "+6", 7),
    "both of many": ("1" + "&&1" * 2700, 1),
    "one of many": ("0" + "||0" * 2700 + "||$PendingTasks", 1),
    "no more than needed": ("1" + "||1/0" * 1600, 1),
    "not both": ("1" + "&&1" * 1000 + "&&0&&1/0" * 600, 0),
    "samples of samples": ("sum($PendingTasks.GetSample(" * 250 + "1" + "))" * 250, 3 * 2880),
}


@pytest.mark.parametrize("shape", DEEP)
def test_any_formula_within_azures_limits_is_parsed_printed_linted_and_evaluated(shape: str) -> None:
    expression, expected = DEEP[shape]
    text = f"$TargetDedicatedNodes={expression};"
    assert len(text) <= 8192
    assert to_text(parse(text)).startswith("$TargetDedicatedNodes = ")
    samples = ConstantSamples({"PendingTasks": 3})
    evaluation = evaluate(compile_formula(parse(text)), time=NOW, samples=samples, pool=PoolSnapshot())
    assert (evaluation.error, evaluation.target_dedicated_nodes) == (None, expected)
    assert not {finding.rule for finding in review(text)} & set(ERRORS)


def test_byte_order_mark_in_front_does_not_count() -> None:
    assert parse("\ufeffa = 1") == parse("a = 1")


def test_chain_of_a_hundred_terms_is_accepted() -> None:
    assert parse("a = 1" + " + 1" * 99).statements


@pytest.mark.parametrize("name", published.ALL)
def test_published_formula_parses_and_prints_to_the_same_tree(name: str) -> None:
    formula = parse(published.ALL[name])
    assert parse(to_text(formula)) == formula


def test_printing_adds_no_needless_brackets() -> None:
    text = "x = (1 + 2) * 3 - 4 / (5 * 6) > -max(1, 2) ? (time() + TimeInterval_Hour).hour : (1).year;\n"
    assert to_text(parse(text)) == text
