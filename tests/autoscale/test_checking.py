from itertools import product

import pytest

from shoal.autoscale.checking import check
from shoal.autoscale.parser import parse
from tests.autoscale import published


def faults(text: str) -> list[str]:
    return [f"{fault.span.column}: {fault}" for fault in check(parse(text)).faults]


@pytest.mark.parametrize("name", published.ALL)
def test_published_formula_fits_the_types(name: str) -> None:
    assert faults(published.ALL[name]) == []


@pytest.mark.parametrize(
    "text",
    [
        "v = vec(1, 2) * 2 + vec(3, 4);",
        "i = 2 * TimeInterval_Hour / 3 - -TimeInterval_Second;",
        "t = TimeInterval_Hour + time() + TimeInterval_Day; i = t - time();",
        'a = "x" == "y"; b = time() >= time("2026-01-01"); c = TimeInterval_Hour != TimeInterval_Zero;',
        "a = avg(1, vec(2, 3), $PendingTasks.GetSample(1));",
        "a = ceil(1.5) + 1; b = ceil(1.5, 2.5) * 2; c = lg(vec(8));",
        "a = percentile($PendingTasks.GetSample(5), 95); b = val($PendingTasks.GetSample(5), 0);",
        'a = $PendingTasks.GetSample(time(), time(), 70); b = $PendingTasks.GetSample(time("2026-01-01"));',
        "a = $PendingTasks.GetSamplePercent(TimeInterval_Hour, TimeInterval_Minute) > $PendingTasks.Count();",
        "a = $PendingTasks.HistoryBeginTime().year; b = $PendingTasks.GetSamplePeriod() * 2;",
        "$NodeDeallocationOption = $RunningTasks > 0 ? taskcompletion : requeue;",
        "x = 1; x = time(); y = x.hour;",
        "v = $PendingTasks > 3 ? 1 : $PendingTasks.GetSample(2); w = v + 1;",
        "n = $CurrentDedicatedNodes * 1.1 + $taskslotspernode; stop();",
        "round = 3; x = round(round);",
    ],
)
def test_every_documented_combination_of_types_is_accepted(text: str) -> None:
    assert faults(text) == []


VALUES = {
    "double": "1",
    "doubleVec": "vec(1, 2)",
    "string": '"2026-01-01"',
    "timestamp": "time()",
    "timeinterval": "TimeInterval_Hour",
    "deallocation option": "requeue",
}
BOUNDS = ("timestamp", "timeinterval")
NUMBERS = ("double", "doubleVec")
SAMPLED = {
    "GetSample": {
        ("double",),
        *product(BOUNDS),
        *product(BOUNDS, ("double",)),
        *product(BOUNDS, BOUNDS),
        *product(BOUNDS, BOUNDS, ("double",)),
    },
    "GetSamplePercent": {*product(BOUNDS), *product(BOUNDS, BOUNDS)},
    "GetSamplePeriod": {()},
    "Count": {()},
    "HistoryBeginTime": {()},
}
LISTS = {combination for length in range(4) for combination in product(NUMBERS, repeat=length)}
CALLED = {
    **dict.fromkeys(("len", "sum", "vec", "ceil", "floor", "round", "lg", "ln", "log"), LISTS),
    **{name: LISTS - {()} for name in ("avg", "max", "min", "norm", "range", "std")},
    **{name: {("doubleVec", "double")} for name in ("percentile", "val")},
    "time": {(), ("string",)},
    "rand": {()},
    "stop": {()},
}


@pytest.mark.parametrize("name", [*SAMPLED, *CALLED])
def test_every_combination_of_arguments_is_accepted_as_documented_and_no_other(name: str) -> None:
    callee = f"$PendingTasks.{name}" if name in SAMPLED else name
    accepted = {
        types
        for length in range(4)
        for types in product(VALUES, repeat=length)
        if not faults(f"{callee}({', '.join(VALUES[type_] for type_ in types)});")
    }
    assert accepted == {**SAMPLED, **CALLED}[name]


def test_wrong_arguments_are_answered_with_the_documented_forms() -> None:
    window = "timestamp or timeinterval [, timestamp or timeinterval]"
    assert faults("x = $PendingTasks.GetSamplePercent(1);") == [
        f"19: GetSamplePercent does not take (double); write GetSamplePercent({window})"
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("x = $PendingTask;", "5: $PendingTask is not defined; did you mean $PendingTasks?"),
        ("$tasks = 1; x = tasks;", "17: tasks is not defined; did you mean $tasks?"),
        ("x = y; y = 1;", "5: y is not defined"),
        ("x = true;", "5: true is not defined; write 1 for true and 0 for false"),
        ("x = timeinterval_minute;", "5: timeinterval_minute is not defined; did you mean TimeInterval_Minute?"),
        ("x = Max(1, 2);", "5: there is no function Max; did you mean max?"),
        ("x = $PendingTasks.getSample(1);", "19: a sampled variable has no method getSample; did you mean GetSample?"),
        ("x = $PendingTasks.Count;", "19: Count is a method; call it: Count(…)"),
        ("x = time().weekDay;", "12: a timestamp has no member weekDay; did you mean weekday?"),
        ("x = (1).hour;", "9: a double has no members"),
        ("x = time().Count();", "12: a timestamp has no method Count; only the read-only service variables"),
        ("x = 2 * vec(1, 2);", "7: '*' does not apply to a double and a doubleVec; put the vector on the left"),
        ("x = time() - TimeInterval_Hour;", "12: '-' does not apply to a timestamp and a timeinterval; add a negative"),
        ("x = TimeInterval_Hour / TimeInterval_Minute;", "23: '/' does not apply to a timeinterval and a timeinterval"),
        ("x = vec(1) < 2;", "12: '<' does not apply to a doubleVec and a double; reduce the vector to one value"),
        ('x = "a" + "b";', "9: '+' does not apply to a string and a string"),
        ('x = -"a";', "5: '-' does not apply to a string"),
        ("x = vec(1) ? 1 : 2;", "5: a condition must be a double, not a doubleVec; reduce the vector"),
        ('x = 1 ? 2 : "a";', "7: the branches have different types: a double and a string"),
        ("x = val(1, 0);", "5: val does not take (double, double); write val(doubleVec, double)"),
        ("x = max();", "5: max needs arguments; write max(doubleVecList)"),
        ("x = rand(1);", "5: rand does not take (double); write rand()"),
        ("x = $PendingTasks.GetSample();", "19: GetSample needs arguments; write GetSample(double) or"),
        ('x = time("yesterday");', '10: "yesterday" is not a timestamp; write it like'),
        ('x = time("2026-01-01T00:00:00.123456789Z");', '10: "2026-01-01T00:00:00.123456789Z" is not a timestamp'),
        ("$PendingTasks = 1;", "1: $PendingTasks is read-only"),
        ("$CurrentDedicated = 1;", "1: $CurrentDedicated is read-only"),
        (
            "$TargetDedicatedNodes = vec(1);",
            "25: $TargetDedicatedNodes takes a double, not a doubleVec; reduce",
        ),
        ("$TargetDedicatedNodes = time();", "25: $TargetDedicatedNodes takes a double, not a timestamp"),
        ("$NodeDeallocationOption = 1;", "27: $NodeDeallocationOption takes a deallocation option, not a double"),
        ("taskcompletion = 1;", "1: taskcompletion is a reserved word and cannot be assigned to"),
        ("x = stop();", "5: there is no value to assign to x"),
    ],
)
def test_type_fault_is_reported_with_its_place(text: str, fault: str) -> None:
    (reported,) = faults(text)
    assert reported.startswith(fault)


def test_all_faults_are_reported_and_each_only_once() -> None:
    assert faults("a = $Nope + 1; b = a * 2; c = Bar(a);") == [
        "5: $Nope is not defined",
        "31: there is no function Bar",
    ]
