import pytest

from shoal.autoscale.documents import formulas_in, whole
from shoal.autoscale.errors import InputFault
from shoal.autoscale.spans import Span
from shoal.autoscale.ticks import MINUTE

STACK = """\
config:
  azure-native:location: westeurope
  shoal:pools:
    - name: spot
      autoScale:
        evaluationInterval: PT5M
        formula: |
          // as many nodes as tasks
          $TargetDedicatedNodes = $PendingTask;
    - name: other
      autoScaleFormula: "$TargetDedicatedNodes = 1;"
      targetDedicatedNodes: 3
    - name: folded
      auto_scale_formula: >
        a = 1;
        b = 2;
    - name: fixed
      targetDedicatedNodes: 3
"""


def test_formulas_are_found_by_their_keys() -> None:
    formulas = formulas_in(STACK)
    assert [(one.path, one.interval, one.fixed_too, one.exact) for one in formulas] == [
        ("config.shoal:pools[0].autoScale.formula", 5 * MINUTE, False, True),
        ("config.shoal:pools[1].autoScaleFormula", None, True, True),
        ("config.shoal:pools[2].auto_scale_formula", None, False, False),
    ]


@pytest.mark.parametrize(
    ("index", "span", "place"),
    [
        (0, Span(1, 1), Span(8, 11)),
        (0, Span(2, 25, 12), Span(9, 35, 12)),
        (1, Span(1, 25), Span(11, 50)),
        (2, Span(1, 9), Span(14, 27)),
    ],
)
def test_place_in_a_formula_becomes_the_place_in_the_file(index: int, span: Span, place: Span) -> None:
    formula = formulas_in(STACK)[index]
    assert formula.place(span) == place


def test_place_in_a_block_points_at_the_right_text() -> None:
    place = formulas_in(STACK)[0].place(Span(2, 25, 12))
    assert STACK.splitlines()[place.line - 1][place.column - 1 :].startswith("$PendingTask;")


def test_list_of_statements_is_one_formula() -> None:
    document = '{"pool": {"nodeAutoScale": {"include": true, "formula": ["a = 1", "b = c"], '
    document += '"evaluationIntervalInMinutes": 5}, "dedicatedNodeCount": 1}}'
    (formula,) = formulas_in(document)
    assert (formula.path, formula.text) == ("pool.nodeAutoScale.formula", "a = 1;\nb = c")
    assert (formula.interval, formula.fixed_too) == (5 * MINUTE, True)
    assert document[formula.place(Span(2, 5)).column - 1] == "c"


def test_formula_beside_a_fixed_scale_is_marked() -> None:
    (formula,) = formulas_in("scaleSettings: {autoScale: {formula: a = 1}, fixedScale: {targetDedicatedNodes: 0}}")
    assert formula.fixed_too


@pytest.mark.parametrize("document", ["", "a: 1", "formula: {a: 1}", "- formula: []", "x: [formula]"])
def test_document_without_a_formula_has_none(document: str) -> None:
    assert formulas_in(document) == []


@pytest.mark.parametrize(
    ("interval", "message"),
    [
        ("evaluationIntervalInMinutes: abc", "evaluationIntervalInMinutes: 'abc' is not a number of minutes"),
        ("evaluationIntervalInMinutes: inf", "evaluationIntervalInMinutes: 'inf' is not a number of minutes"),
        ("evaluationIntervalInMinutes: nan", "evaluationIntervalInMinutes: 'nan' is not a number of minutes"),
        ("evaluationInterval: soon", "evaluationInterval: 'soon' is not a duration; write PT10M"),
    ],
)
def test_interval_that_cannot_be_read_is_refused_with_its_line(interval: str, message: str) -> None:
    with pytest.raises(InputFault, match=f"^line 2: {message}"):
        formulas_in(f"formula: a = 1\n{interval}\n")


def test_document_that_is_not_yaml_is_refused_with_its_place() -> None:
    with pytest.raises(InputFault, match="it is not YAML: line 1, column 5: expected the node content"):
        formulas_in("a: [")


def test_text_that_is_a_formula_itself_keeps_its_places() -> None:
    formula = whole("a = 1;\nb = 2;")
    assert (formula.path, formula.place(Span(2, 5, 1))) == ("", Span(2, 5, 1))
