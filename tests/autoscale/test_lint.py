import math

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from shoal.autoscale import ConstantSamples, PoolSnapshot, check, compile_formula, evaluate, parse
from shoal.autoscale.documents import formulas_in
from shoal.autoscale.lint import RULES, lint
from shoal.autoscale.lint.bounds import bounds_of
from shoal.autoscale.lint.ranges import Range, called
from shoal.autoscale.review import review, shown
from shoal.autoscale.syntax import Formula
from shoal.autoscale.ticks import MINUTE
from tests.autoscale import corpus, published
from tests.autoscale.builders import NOW
from tests.autoscale.strategies import BOUNDED, DOUBLES


def rules(text: str, *, interval: int | None = None, fixed_too: bool = False) -> list[str]:
    return sorted({finding.rule for finding in lint(check(parse(text)), interval=interval, fixed_too=fixed_too)})


def places(text: str, rule: str) -> list[tuple[int, int]]:
    return [(finding.span.line, finding.span.column) for finding in lint(check(parse(text))) if finding.rule == rule]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("A", ["shrinks-without-samples", "slots-ignored", "window-shorter-than-interval"]),
        ("B", ["never-reaches-zero", "no-sample-guard", "window-shorter-than-interval"]),
        ("C", ["deallocation-option-missing", "never-grows", "no-sample-guard"]),
        ("D", ["deallocation-option-missing", "never-reaches-zero"]),
        ("E_ACTIVE", ["running-tasks-not-counted", "slots-ignored", "target-read-as-current"]),
        ("E", ["slots-ignored", "target-read-as-current"]),
        ("F", ["deallocation-option-missing", "running-tasks-not-counted", "target-read-as-current"]),
        ("G", ["deallocation-option-missing"]),
        ("H", ["deallocation-option-missing", "never-reaches-zero"]),
        (
            "I_REST",
            [
                "deallocation-option-missing",
                "never-grows",
                "never-reaches-zero",
                "percent-compared-with-fraction",
                "window-shorter-than-interval",
            ],
        ),
        ("BATCH_151", ["deallocation-option-missing", "no-cap", "no-sample-guard"]),
        ("BLOG", ["deallocation-option-missing", "no-cap", "no-sample-guard", "slots-ignored"]),
        ("BATCH_40", ["deallocation-option-missing", "no-sample-guard", "slots-ignored"]),
        ("NEXTFLOW", ["slots-ignored", "spot-dedicated-confused", "window-shorter-than-interval"]),
        ("CFA_CLOUDOPS", ["no-sample-guard", "slots-ignored"]),
        ("SHIPYARD_WEEKEND", ["never-grows", "unreachable-branch"]),
    ],
)
def test_faults_of_published_formulas_are_found(name: str, expected: list[str]) -> None:
    assert rules(published.ALL[name]) == expected


FOLLOWS = """
sampled = $PendingTasks.GetSamplePercent(TimeInterval_Minute * 15);
tasks = sampled < 70 ? max(0, $PendingTasks.GetSample(1)) : max($PendingTasks.GetSample(TimeInterval_Minute * 15));
$TargetLowPriorityNodes = min(10, ceil(tasks / $TaskSlotsPerNode));
$NodeDeallocationOption = taskcompletion;
"""


def test_sound_formula_is_left_alone() -> None:
    assert rules(FOLLOWS) == []


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("$PendingTasks", "$ActiveTasks", "running-tasks-not-counted"),
        (" / $TaskSlotsPerNode", "", "slots-ignored"),
        ("min(10, ", "min(10, 1 + ", "never-reaches-zero"),
        ("min(10, ", "max(0, ", "no-cap"),
        ("sampled < 70", "sampled < 0", "unreachable-branch"),
        ("sampled < 70", "sampled <= 100", "unreachable-branch"),
        ("sampled < 70", "sampled < 70 && sampled > 80", "unreachable-branch"),
        ("sampled < 70", "sampled < 70 || sampled > 60", "unreachable-branch"),
        ("sampled < 70", "sampled < 0.7", "percent-compared-with-fraction"),
        ("TimeInterval_Minute * 15", "TimeInterval_Minute * 5", "window-shorter-than-interval"),
        ("sampled < 70 ? max(0, $PendingTasks.GetSample(1)) : ", "", "no-sample-guard"),
        ("max(0, $PendingTasks.GetSample(1)) :", "4 :", "shrinks-without-samples"),
        ("$NodeDeallocationOption = taskcompletion;", "", "deallocation-option-missing"),
        ("ceil(tasks", "$CurrentDedicatedNodes + ceil(tasks", "spot-dedicated-confused"),
        ("ceil(tasks", "$TargetLowPriorityNodes + ceil(tasks", "target-read-as-current"),
        ("tasks / $TaskSlotsPerNode", "tasks / 4 + 0 * $MemoryBytes", "retired-variable"),
        ("$TargetLowPriorityNodes", "$TargetLowPriorityNode", "misspelt-variable"),
        ("$TargetLowPriorityNodes", "TargetLowPriorityNodes", "misspelt-variable"),
        ("$TargetLowPriorityNodes", "nodes", "no-target-assigned"),
        ("min(10, ", "min(0, ", "never-grows"),
    ],
)
def test_one_fault_in_a_sound_formula_is_found(old: str, new: str, rule: str) -> None:
    assert old in FOLLOWS
    text = FOLLOWS.replace(old, new)
    if rule == "no-sample-guard":
        text = text.replace("sampled = $PendingTasks.GetSamplePercent(TimeInterval_Minute * 15);", "")
    assert rule in rules(text)


def test_fixed_counts_beside_a_formula_are_found() -> None:
    assert rules(FOLLOWS, fixed_too=True) == ["fixed-and-autoscale"]


@pytest.mark.parametrize(
    "change",
    [
        ("$PendingTasks.GetSample(TimeInterval_Minute * 15)", "$PendingTasks.GetSample(TimeInterval_Minute * 15, 70)"),
        ("tasks / $TaskSlotsPerNode", "tasks / 4"),
        ("tasks / $TaskSlotsPerNode", "tasks * 0.25"),
        ("min(10, ", "min(10, $CurrentLowPriorityNodes + 5, "),
    ],
)
def test_other_sound_ways_of_writing_are_left_alone(change: tuple[str, str]) -> None:
    assert rules(FOLLOWS.replace(*change)) == []


def test_weekday_seven_is_never_reached() -> None:
    text = "w = time().weekday; $TargetDedicatedNodes = w == 7 ? 3 : 0; $NodeDeallocationOption = taskcompletion;"
    assert rules(text) == ["never-grows", "unreachable-branch"]
    assert places(text, "unreachable-branch") == [(1, 45)]


def test_condition_that_rests_on_a_reported_one_is_not_reported_again() -> None:
    text = "a = time().hour > 23; b = a ? 1 : 2; $TargetDedicatedNodes = a ? b : 0;"
    assert places(text, "unreachable-branch") == [(1, 5)]


def test_conditions_on_different_values_do_not_contradict() -> None:
    text = "a = time(); x = a.hour < 8 && a.minute > 30; a = time() + TimeInterval_Hour; y = x && a.hour > 20;"
    assert places(text, "unreachable-branch") == []


def test_rule_can_be_switched_off_in_a_comment() -> None:
    assert rules(published.E + "// shoal: off slots-ignored, target-read-as-current") == []
    assert rules("// shoal: off slots-ignored\n" + published.E) == ["target-read-as-current"]


def test_note_without_effect_is_reported() -> None:
    text = published.E + "// shoal: off slot-ignored\n// shoal: of slots-ignored\n// shoal: every day"
    messages = [finding.message for finding in lint(check(parse(text))) if finding.rule == "unreadable-note"]
    assert messages == [
        "there is no rule slot-ignored, so nothing is switched off",
        "a note must be 'off RULE, RULE' or 'every PT5M', not 'of'",
        "'day' is not a duration; write PT10M, 10m, 1h30m or 90s",
    ]


def test_formula_may_say_how_often_it_is_evaluated() -> None:
    assert "window-shorter-than-interval" not in rules("// shoal: every PT3M\n" + published.A)
    assert "window-shorter-than-interval" in rules("// shoal: every PT3M\n" + published.A, interval=5 * MINUTE)


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_gives_its_reason(rule: str) -> None:
    assert RULES[rule].why.endswith(".")


def test_finding_is_shown_with_its_line_a_caret_and_the_fix() -> None:
    text = "$TargetDedicatedNodes = min(5, $CurrentLowPriorityNodes);\n$NodeDeallocationOption = requeue;"
    (finding, *_) = [one for one in review(text) if one.rule == "spot-dedicated-confused"]
    assert shown(finding, text, "f.txt") == (
        "f.txt:1:32: warning: $TargetDedicatedNodes is computed from $CurrentLowPriorityNodes, which counts nodes of "
        "the other kind [spot-dedicated-confused]\n"
        "   1 | $TargetDedicatedNodes = min(5, $CurrentLowPriorityNodes);\n"
        "     |                                ^^^^^^^^^^^^^^^^^^^^^^^^\n"
        "     = read $CurrentDedicatedNodes, or assign $TargetLowPriorityNodes too"
    )


@pytest.mark.parametrize(
    ("text", "rule"), [("a = ;", "syntax"), ("a = b;", "type"), ("a = 1;" * 101, "length"), ("x" * 8193, "length")]
)
def test_review_of_a_wrong_formula_names_the_kind_of_error_instead_of_a_rule(text: str, rule: str) -> None:
    assert [finding.rule for finding in review(text)] == [rule]


@BOUNDED
@given(DOUBLES, st.floats(0, 1e6))
def test_every_number_lies_within_its_computed_bounds(formula: Formula, tasks: float) -> None:
    samples = ConstantSamples({"PendingTasks": tasks})
    evaluation = evaluate(
        compile_formula(formula), time=NOW, samples=samples, pool=PoolSnapshot(target_dedicated_nodes=3)
    )
    value = evaluation.variables[-1][2]
    if evaluation.error is None and isinstance(value, float) and math.isfinite(value):
        bound = bounds_of(check(formula)).of(formula.statements[0].value)
        assert bound.low <= value or math.isclose(bound.low, value)
        assert value <= bound.high or math.isclose(bound.high, value)


def test_range_of_round_ends_where_the_language_rounds_to() -> None:
    assert called("round", [Range(-2.5, 2.5)]) == Range(-3, 3)


@pytest.mark.parametrize("name", corpus.CORPUS)
def test_corpus_has_no_miss_and_no_false_alarm(name: str) -> None:
    text, expected = corpus.CORPUS[name]
    assert set(rules(text)) == expected


@pytest.mark.parametrize("name", corpus.IN_DOCUMENTS)
def test_document_that_gives_one_slot_to_a_node_is_believed(name: str) -> None:
    neighbour, expected = corpus.IN_DOCUMENTS[name]
    pool = yaml.safe_load(neighbour) | {"scaleSettings": {"autoScale": {"formula": corpus.UNDIVIDED}}}
    (embedded,) = formulas_in(yaml.safe_dump({"pools": [{"properties": pool}]}))
    findings = lint(check(parse(embedded.text)), slots=embedded.slots_per_node)
    assert {finding.rule for finding in findings} == expected


def test_number_of_nodes_in_a_message_is_one_that_the_formula_allows() -> None:
    text = FOLLOWS.replace("min(10, ", "min(7, ").replace("max(0, $PendingTasks.GetSample(1)) :", "4 :")
    messages = [one.message for one in lint(check(parse(text))) if one.rule == "shrinks-without-samples"]
    assert messages == ["a busy pool of 7 nodes shrinks to 1 when some samples are late or lost"]
