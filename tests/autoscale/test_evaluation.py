from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from shoal.autoscale import ConstantSamples, PoolSnapshot, SyntaxFault, compile_formula, evaluate, parse
from shoal.autoscale.evaluation import refused
from shoal.autoscale.lint.trials import IDLE, MAX_ELEMENTS, targets_under
from shoal.autoscale.review import review
from shoal.autoscale.ticks import MINUTE
from shoal.autoscale.variables import Deallocation
from tests.autoscale import published
from tests.autoscale.builders import NOW, detail, evaluated, history, value

Targets = tuple[int, int]
Values = Mapping[str, Sequence[float | None]]
MONDAY = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "values", "pool", "targets"),
    [
        ("A", {"PendingTasks": [10] * 6}, PoolSnapshot(), (10, 0)),
        ("A", {"PendingTasks": [40] * 6}, PoolSnapshot(), (25, 0)),
        ("A", {"PendingTasks": [None, None, 10, 10, 10, 10]}, PoolSnapshot(), (1, 0)),
        ("B", {"PreemptedNodeCount": [0] * 6}, PoolSnapshot(), (0, 25)),
        ("B", {"PreemptedNodeCount": [3] * 6}, PoolSnapshot(), (3, 22)),
        ("C", {"CPUPercent": [0.9] * 120}, PoolSnapshot(current_dedicated_nodes=100), (110, 0)),
        ("C", {"CPUPercent": [0.1] * 120}, PoolSnapshot(current_dedicated_nodes=100), (90, 0)),
        ("C", {"CPUPercent": [0.9] * 120}, PoolSnapshot(current_dedicated_nodes=399), (400, 0)),
        ("D", {}, PoolSnapshot(), (10, 0)),
        ("E", {"PendingTasks": [7] * 15}, PoolSnapshot(target_dedicated_nodes=4), (7, 0)),
        ("E", {"PendingTasks": [0] * 30}, PoolSnapshot(target_dedicated_nodes=8), (4, 0)),
        ("E", {"PendingTasks": [0] * 29 + [50]}, PoolSnapshot(), (20, 0)),
        ("E", {}, PoolSnapshot(target_dedicated_nodes=3), (1, 0)),
        ("F", {"ActiveTasks": [10] * 30}, PoolSnapshot(target_dedicated_nodes=2), (3, 0)),
        ("F", {"ActiveTasks": [6] * 30}, PoolSnapshot(target_dedicated_nodes=1), (2, 0)),
        ("G", {"RunningTasks": [0] * 60, "ActiveTasks": [0] * 60}, PoolSnapshot(), (0, 0)),
        ("G", {"RunningTasks": [1] * 60, "ActiveTasks": [0] * 60}, PoolSnapshot(), (4, 0)),
        ("H", {}, PoolSnapshot(), (1, 0)),
        ("I_REST", {}, PoolSnapshot(), (5, 0)),
        ("I_REST", {"CPUPercent": [0.9] * 20}, PoolSnapshot(current_dedicated_nodes=10), (11, 0)),
        ("BATCH_151", {"PendingTasks": [4]}, PoolSnapshot(task_slots_per_node=2), (2, 0)),
        ("BLOG", {"PendingTasks": [4]}, PoolSnapshot(), (4, 0)),
        ("BATCH_40", {"ActiveTasks": [3], "RunningTasks": [1]}, PoolSnapshot(), (1, 0)),
    ],
)
def test_published_formula_gives_the_documented_targets(
    name: str, values: Values, pool: PoolSnapshot, targets: Targets
) -> None:
    evaluation = evaluated(published.ALL[name], values, pool=pool)
    assert evaluation.error is None
    assert (evaluation.target_dedicated_nodes, evaluation.target_low_priority_nodes) == targets


def test_time_formula_gives_the_documented_results_text() -> None:
    assert evaluated(published.D).results == (
        "$TargetDedicatedNodes=10;$TargetLowPriorityNodes=0;$NodeDeallocationOption=requeue;"
        "$curTime=2016-10-13T19:18:47.805Z;$isWeekday=1;$isWorkingWeekdayHour=0;$workHours=0"
    )


def test_monday_formula_gives_five_nodes_on_a_monday() -> None:
    assert evaluated(published.H, now=MONDAY).target_dedicated_nodes == 5


@pytest.mark.parametrize(
    ("text", "results"),
    [
        (
            "$TargetDedicatedNodes=3",
            "$TargetDedicatedNodes=3;$TargetLowPriorityNodes=0;$NodeDeallocationOption=requeue",
        ),
        (
            "$targetDedicatedNodes=3",
            "$targetDedicatedNodes=3;$TargetLowPriorityNodes=0;$NodeDeallocationOption=requeue",
        ),
        ("$TargetDedicated=3", "$TargetDedicated=3;$TargetLowPriorityNodes=0;$NodeDeallocationOption=requeue"),
        (
            "$TargetDedicated=3;$TargetDedicatedNodes=5;$TargetDedicated=7;",
            "$TargetDedicatedNodes=5;$TargetLowPriorityNodes=0;$NodeDeallocationOption=requeue",
        ),
        (
            "b=96.66666; $a=1e7; c=vec(1,2.5); d=TimeInterval_Minute*15; e=$NodeDeallocationOption;"
            '$NodeDeallocationOption=taskcompletion; f="x"; g=vec(c-c)/1;',
            "$TargetDedicatedNodes=0;$TargetLowPriorityNodes=0;$NodeDeallocationOption=taskcompletion;"
            "$a=1e+07;b=96.6667;c=[1,2.5];d=PT15M;e=requeue;f=x;g=[0,0]",
        ),
        (
            "$TargetLowPriorityNodes=2.9",
            "$TargetDedicatedNodes=0;$TargetLowPriorityNodes=2;$NodeDeallocationOption=requeue",
        ),
    ],
)
def test_results_list_service_variables_first_then_own_ones_by_name(text: str, results: str) -> None:
    assert evaluated(text).results == results


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("avg(1, 2, 3, 7)", "3.25"),
        ("avg(vec(1, 2, 3), 7)", "3.25"),
        ("std(1, 2, 3, 4)", "1.29099"),
        ("norm(3, 4)", "5"),
        ("range(1, 9, 5)", "8"),
        ("lg(8)", "3"),
        ("ln(1)", "0"),
        ("log(1000)", "3"),
        ("lg(vec(8))", "[3]"),
        ("lg(2, 4, vec(8, 16))", "[1,2,3,4]"),
        ("len(vec(1, 2, 3), 7)", "4"),
        ("sum(vec(1, 2), 3)", "6"),
        ("max(25, vec(3, 30))", "30"),
        ("min(25, vec(3, 30))", "3"),
        ("ceil(1.2)", "2"),
        ("floor(-1.2)", "-2"),
        ("round(2.5)", "3"),
        ("round(-2.5)", "-3"),
        ("ceil(1.2, 2.8)", "[2,3]"),
        ("val(vec(4, 5, 6), 0)", "4"),
        ("val(vec(4, 5, 6), 2.9)", "6"),
        ("percentile(vec(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), 90)", "9"),
        ("percentile(vec(3, 1, 2), 0)", "1"),
        ("percentile(vec(3, 1, 2), 100)", "3"),
        ("percentile(vec(3, 1, 2), 50)", "2"),
        ("vec(6, 8) / 2 - 1", "[2,3]"),
        ("vec(6, 8) / vec(2, 4)", "[3,2]"),
        ("7 - 2 - 1", "4"),
        ("1 && 0 || 1", "1"),
        ("!0.5", "0"),
        ("0 && 1 / 0", "0"),
        ("1 || 1 / 0", "1"),
        ("0 ? 1 / 0 : 2", "2"),
        ('"a" < "b"', "1"),
        ("TimeInterval_Year / 365 == TimeInterval_Day", "1"),
        ("TimeInterval_Week * 0.5 + 30 * TimeInterval_Second", "P3DT12H30S"),
        ("-TimeInterval_100ns", "-PT0.0000001S"),
        ("time()", "2016-10-13T19:18:47.805Z"),
        ("time() + (-6 * TimeInterval_Hour)", "2016-10-13T13:18:47.805Z"),
        ('time("Thu, 13 Oct 2016 19:00:00 GMT")', "2016-10-13T19:00:00.000Z"),
        ('time("2016-10-13T21:30:00.1234567+02:30")', "2016-10-13T19:00:00.123Z"),
        ('time("2016-10-13T21:30Z")', "2016-10-13T21:30:00.000Z"),
        ('time("2016")', "2016-01-01T00:00:00.000Z"),
        ('time() - time("2016-10-13T19:18:47.805Z")', "PT0S"),
        ("time().year * 10000 + time().month * 100 + time().day", "2.0161e+07"),
        ("time().weekday * 100 + time().minute", "418"),
        ('time("2026-01-04").weekday', "0"),
        ("1000000 - 1", "999999"),
    ],
)
def test_expression_has_the_value_that_the_documentation_gives_it(text: str, expected: str) -> None:
    assert value(text) == expected


TWENTY_WITH_GAPS: Values = {"PendingTasks": [None, None, *range(3, 21)]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$PendingTasks.GetSample(1)", "[20]"),
        ("$PendingTasks.GetSample(3)", "[18,19,20]"),
        ("len($PendingTasks.GetSample(1000))", "18"),
        ("$RunningTasks.GetSample(5)", "[]"),
        ("max(0, $RunningTasks.GetSample(1))", "0"),
        ("len($PendingTasks.GetSample(TimeInterval_Minute * 10, 80))", "18"),
        ("len($PendingTasks.GetSample(1 * TimeInterval_Minute, 6 * TimeInterval_Minute))", "10"),
        ("len($PendingTasks.GetSample(6 * TimeInterval_Minute, 1 * TimeInterval_Minute))", "10"),
        ("$PendingTasks.GetSample(time() + (-1 * TimeInterval_Minute))", "[19,20]"),
        ("$PendingTasks.GetSamplePercent(TimeInterval_Minute * 10)", "90"),
        ("$PendingTasks.GetSamplePercent(TimeInterval_Zero, TimeInterval_Minute * 9)", "100"),
        ("$RunningTasks.GetSamplePercent(TimeInterval_Minute * 10)", "0"),
        ("$PendingTasks.GetSamplePeriod()", "PT30S"),
        ("$PendingTasks.Count()", "18"),
        ("$RunningTasks.Count()", "0"),
        ("$PendingTasks.HistoryBeginTime()", "2016-10-13T19:10:17.805Z"),
        ("$PendingTasks + 1", "21"),
    ],
)
def test_samples_are_read_as_documented(text: str, expected: str) -> None:
    assert value(text, TWENTY_WITH_GAPS) == expected


def test_fifteen_of_twenty_samples_are_75_percent() -> None:
    values: Values = {"PendingTasks": [None] * 5 + [1] * 15}
    assert value("$PendingTasks.GetSamplePercent(TimeInterval_Minute * 10)", values) == "75"


def test_samples_that_have_not_arrived_yet_are_not_seen() -> None:
    evaluation = evaluated(
        "p = $PendingTasks.GetSamplePercent(TimeInterval_Minute * 15); n = $PendingTasks.GetSample(1);",
        {"PendingTasks": range(1, 61)},
        delay=timedelta(seconds=20),
    )
    assert evaluation.results.endswith("n=[59];p=96.6667")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "x = 1;\ny = avg($PendingTasks.GetSample(TimeInterval_Minute * 10, 95));",
            "InsufficientSampleData: Line 2, Col 9: "
            "Insufficient data from data set: $PendingTasks wanted 95%, received 90%",
        ),
        (
            "x = min($CPUPercent.GetSample(TimeInterval_Minute * 10));",
            "InsufficientSampleData: Line 1, Col 9: "
            "Insufficient data from data set: $CPUPercent wanted 10%, received 0%",
        ),
        (
            "x = $FailedTasks + 1;",
            "InsufficientSampleData: Line 1, Col 5: "
            "Insufficient data from data set: $FailedTasks wanted 1 sample, received 0",
        ),
        (
            "x = avg($FailedTasks.GetSample(1));",
            "InsufficientSampleData: Line 1, Col 5: there are no samples, and an empty vector has no value",
        ),
        ("x = $FailedTasks.HistoryBeginTime();", "InsufficientSampleData: Line 1, Col 5: Insufficient data"),
        ("x = 1 / (2 - 2);", "Evaluation: Line 1, Col 7: division by zero"),
        ("x = vec(1) / 0;", "Evaluation: Line 1, Col 12: division by zero"),
        ("x = vec(1) + vec(1, 2);", "Evaluation: Line 1, Col 12: vectors of 1 and 2 values"),
        ("x = ln(0);", "Evaluation: Line 1, Col 5: ln of 0 is not defined"),
        ("x = val(vec(1), 1);", "Evaluation: Line 1, Col 5: there is no element 1: the vector has 1 elements"),
        ("x = percentile(vec(1), 101);", "Evaluation: Line 1, Col 5: percentile takes"),
        ("x = std(1);", "Evaluation: Line 1, Col 5: std needs at least two values"),
        (
            "x = $PendingTasks.GetSample(0);",
            "Evaluation: Line 1, Col 5: GetSample needs a count of at least 1",
        ),
        (
            "x = $PendingTasks.GetSample(TimeInterval_Zero);",
            "Evaluation: Line 1, Col 5: the sample window is empty",
        ),
        (
            "x = $PendingTasks.GetSamplePercent(-1 * TimeInterval_Hour);",
            "Evaluation: Line 1, Col 5: the sample window is empty",
        ),
        ('t = "x"; x = time(t);', 'Evaluation: Line 1, Col 14: "x" is not a timestamp'),
        ("x = TimeInterval_Year * 1e9;", "Evaluation: Line 1, Col 23: the time interval is too"),
        ("x = time() + TimeInterval_Year * 9000;", "Evaluation: Line 1, Col 12: the time is outside the calendar"),
        (
            "$TargetDedicatedNodes = -1;",
            "Evaluation: Line 1, Col 25: $TargetDedicatedNodes cannot",
        ),
        (
            "$TargetDedicatedNodes = 3e9;",
            "Evaluation: Line 1, Col 25: $TargetDedicatedNodes cannot",
        ),
        ("x = ceil(1e300 * 1e300);", "Evaluation: Line 1, Col 5: the number is too large"),
    ],
)
def test_failing_evaluation_reports_reason_and_place(text: str, expected: str) -> None:
    evaluation = detail(text, TWENTY_WITH_GAPS)
    assert evaluation.startswith(expected.replace("Evaluation:", "AutoScalingFormulaEvaluationError:"))


def test_failed_evaluation_leaves_the_pool_as_it_is_and_keeps_what_was_computed() -> None:
    pool = PoolSnapshot(target_dedicated_nodes=2, target_low_priority_nodes=5)
    evaluation = evaluated("a = 1; $TargetDedicatedNodes = 9; b = a / 0; $TargetDedicatedNodes = 7;", pool=pool)
    assert (evaluation.target_dedicated_nodes, evaluation.target_low_priority_nodes) == (2, 5)
    assert evaluation.wire() == {
        "timestamp": "2016-10-13T19:18:47.805Z",
        "results": "$TargetDedicatedNodes=9;$TargetLowPriorityNodes=5;$NodeDeallocationOption=requeue;a=1",
        "error": {
            "code": "AutoScalingFormulaEvaluationError",
            "message": "Autoscale evaluation failed due to a formula evaluation error",
            "values": [{"name": "Message", "value": "Line 1, Col 41: division by zero"}],
        },
    }


def test_formula_that_does_not_fit_is_reported_like_a_failed_evaluation() -> None:
    pool = PoolSnapshot(target_dedicated_nodes=2)
    with pytest.raises(SyntaxFault) as caught:
        parse("something useless")
    evaluation = refused(caught.value, time=NOW, pool=pool)
    assert evaluation.results == "$TargetDedicatedNodes=2;$TargetLowPriorityNodes=0;$NodeDeallocationOption=requeue"
    assert evaluation.error is not None
    assert evaluation.error.code == "AutoScalingFormulaSyntaxError"
    assert evaluation.target_dedicated_nodes == 2


def test_stop_ends_the_formula_and_keeps_what_was_assigned() -> None:
    evaluation = evaluated("$TargetDedicatedNodes = 3; stop(); $TargetDedicatedNodes = 1 / 0;")
    assert evaluation.error is None
    assert evaluation.target_dedicated_nodes == 3


def test_target_that_is_not_assigned_keeps_its_value() -> None:
    evaluation = evaluated("$TargetDedicatedNodes = 1;", pool=PoolSnapshot(target_low_priority_nodes=6))
    assert evaluation.target_low_priority_nodes == 6


def test_deallocation_option_is_requeue_unless_assigned() -> None:
    assert evaluated("a = 1;").node_deallocation_option is Deallocation.REQUEUE
    option = evaluated("$NodeDeallocationOption = retaineddata;").node_deallocation_option
    assert option is Deallocation.RETAINED_DATA


def test_random_numbers_are_the_same_for_the_same_moment_and_seed() -> None:
    program = compile_formula(parse("a = rand(); b = rand();"))

    def results(seed: int) -> str:
        return evaluate(program, time=NOW, samples=history({}), pool=PoolSnapshot(), seed=seed).results

    assert results(1) == results(1)
    assert results(1) != results(2)
    assert results(1).count("a=0.") == 1


def test_constant_past_is_whole_for_a_day() -> None:
    program = compile_formula(
        parse(
            "p = $PendingTasks.GetSamplePercent(TimeInterval_Day); a = avg($PendingTasks.GetSample(TimeInterval_Hour));"
            "n = $PendingTasks.Count(); q = $RunningTasks.GetSamplePercent(TimeInterval_Minute); t = $PendingTasks;"
            "m = len($PendingTasks.GetSample(TimeInterval_Hour, 2 * TimeInterval_Hour));"
        )
    )
    evaluation = evaluate(program, time=NOW, samples=ConstantSamples({"PendingTasks": 4}), pool=PoolSnapshot())
    assert evaluation.results.endswith(";a=4;m=120;n=2880;p=100;q=0;t=4")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("len()", "0"),
        ("sum()", "0"),
        ("len(vec())", "0"),
        ('time("") == time()', "1"),
        ("sum($PendingTasks.GetSample(TimeInterval_Minute * 2, time()))", "14"),
        ("sum($PendingTasks.GetSample(time(), TimeInterval_Minute * 2))", "14"),
        ("sum($PendingTasks.GetSample(TimeInterval_Minute * 2, time(), 90))", "14"),
        ("$PendingTasks.GetSamplePercent(TimeInterval_Minute * 4, time())", "62.5"),
        ("$PendingTasks.GetSamplePercent(time(), TimeInterval_Minute * 4)", "62.5"),
    ],
)
def test_what_the_documented_grammar_allows_has_a_value(expression: str, expected: str) -> None:
    assert value(expression, {"PendingTasks": [1, 2, 3, 4, 5]}) == expected


@pytest.mark.parametrize("function", ["ceil", "floor", "round", "max"])
def test_number_that_is_none_is_an_error_of_the_evaluation_and_no_crash(function: str) -> None:
    text = f"$TargetDedicatedNodes = {function}(1e308 * 10 - 1e308 * 10);"
    assert review(text)
    assert detail(text).startswith("AutoScalingFormulaEvaluationError: Line 1, Col 2")


def test_vectors_that_are_multiplied_again_and_again_do_not_hold_up_the_linter() -> None:
    """A limit on work, not on time: 98 products of a day's samples, in each of a week's evaluations, took 11 s."""
    text = "v = $PendingTasks.GetSample(2880);" + "v = v * v;" * 98 + "$TargetDedicatedNodes = time().hour + max(v);"
    program = compile_formula(parse(text))
    evaluations = list(targets_under(program, IDLE, nodes=1, every=5 * MINUTE))
    assert program.vector_operations * len(evaluations) * 2880 <= 2 * MAX_ELEMENTS
