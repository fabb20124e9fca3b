"""Formulas made for the linter: each class of mistake in several shapes, and beside it what looks alike and is right.

Each has the rules that it breaks. HEAD and TAIL are sound, so that only the part between them counts.
"""

HEAD = """
sampled = $PendingTasks.GetSamplePercent(TimeInterval_Minute * 15);
newest = max(0, $PendingTasks.GetSample(10));
tasks = sampled < 70 ? newest : max($PendingTasks.GetSample(TimeInterval_Minute * 15));
"""
DRAIN = "$NodeDeallocationOption = taskcompletion;"


def nodes(expression: str) -> str:
    return f"{HEAD}$TargetDedicatedNodes = {expression};\n{DRAIN}"


TRUNCATION = {
    "slots": (nodes("min(20, tasks / $TaskSlotsPerNode)"), {"truncates-to-zero"}),
    "a number": (nodes("min(20, tasks / 8)"), {"truncates-to-zero"}),
    "a share": (nodes("min(20, tasks * 0.25)"), {"truncates-to-zero"}),
    "floor": (nodes("min(20, floor(tasks / $TaskSlotsPerNode))"), {"truncates-to-zero"}),
    "round": (nodes("min(20, round(tasks / 8))"), {"truncates-to-zero"}),
    "a threshold": (nodes("tasks >= 10 ? 5 : 0"), {"truncates-to-zero"}),
    "both kinds": (
        f"{HEAD}$TargetDedicatedNodes = min(4, tasks / 8); $TargetLowPriorityNodes = min(4, tasks / 4); {DRAIN}",
        {"truncates-to-zero"},
    ),
    "ceil": (nodes("min(20, ceil(tasks / $TaskSlotsPerNode))"), set()),
    "three more": (nodes("min(20, (tasks + 3) / 4)"), set()),
    "nearly one more": (nodes("min(20, tasks / $TaskSlotsPerNode + 0.9)"), set()),
    "at least one": (nodes("tasks > 0 ? max(1, min(20, tasks / 4)) : 0"), set()),
    "in the other kind": (
        f"{HEAD}$TargetDedicatedNodes = tasks > 0 ? 1 : 0; $TargetLowPriorityNodes = min(9, tasks / 4); {DRAIN}",
        set(),
    ),
}
GUARDS = {
    "average before": (
        "a = avg($PendingTasks.GetSample(TimeInterval_Minute * 15));"
        "p = $PendingTasks.GetSamplePercent(TimeInterval_Minute * 15); n = p < 70 ? 0 : a;"
        f"$TargetDedicatedNodes = min(9, ceil(n / $TaskSlotsPerNode)); {DRAIN}",
        {"no-sample-guard", "shrinks-without-samples"},
    ),
    "element of nothing": (
        "p = $PendingTasks.GetSamplePercent(TimeInterval_Minute * 15);"
        "n = p < 70 ? val($PendingTasks.GetSample(1), 0) : max($PendingTasks.GetSample(TimeInterval_Minute * 15));"
        f"$TargetDedicatedNodes = min(9, ceil(n / $TaskSlotsPerNode)); {DRAIN}",
        {"no-sample-guard"},
    ),
    "variable as a number": (
        "n = $PendingTasks; p = $PendingTasks.GetSamplePercent(TimeInterval_Minute * 15);"
        f"$TargetDedicatedNodes = min(9, ceil(n / $TaskSlotsPerNode) + 0 * p); {DRAIN}",
        {"no-sample-guard"},
    ),
    "largest of nothing": (
        "p = $PendingTasks.GetSamplePercent(TimeInterval_Minute * 15);"
        "n = p < 70 ? max($PendingTasks.GetSample(1)) : max($PendingTasks.GetSample(TimeInterval_Minute * 15));"
        f"$TargetDedicatedNodes = min(9, ceil(n / $TaskSlotsPerNode)); {DRAIN}",
        {"no-sample-guard"},
    ),
    "another variable": (
        "p = $PendingTasks.GetSamplePercent(TimeInterval_Minute * 15);"
        "n = p < 70 ? 0 : max($RunningTasks.GetSample(TimeInterval_Minute * 15));"
        "m = p < 70 ? 0 : max($PendingTasks.GetSample(TimeInterval_Minute * 15));"
        f"$TargetDedicatedNodes = min(9, ceil((n + m) / $TaskSlotsPerNode)); {DRAIN}",
        {"no-sample-guard", "shrinks-without-samples"},
    ),
    "guard in front": (nodes("min(9, ceil(tasks / $TaskSlotsPerNode))"), set()),
    "number counted": (
        "s = $PendingTasks.GetSample(30); n = len(s) < 20 ? 0 : avg(s);"
        f"$TargetDedicatedNodes = min(9, ceil(n / $TaskSlotsPerNode)); {DRAIN}",
        set(),
    ),
    "share demanded": (
        f"n = max($PendingTasks.GetSample(TimeInterval_Minute * 15, 60)); "
        f"$TargetDedicatedNodes = min(9, ceil(n / $TaskSlotsPerNode)); {DRAIN}",
        set(),
    ),
}
KILLING = {
    "terminate": (nodes("min(9, ceil(tasks / 4))").replace("taskcompletion", "terminate"), {"kills-running-tasks"}),
    "requeue": (nodes("min(9, ceil(tasks / 4))").replace("taskcompletion", "requeue"), {"kills-running-tasks"}),
    "by the clock": (
        "$TargetDedicatedNodes = time().hour < 8 ? 0 : 5; $NodeDeallocationOption = requeue;",
        {"kills-running-tasks"},
    ),
    "when tasks get few": (
        nodes("min(9, ceil(tasks / 4))").replace("taskcompletion", "tasks < 100 ? requeue : taskcompletion"),
        {"kills-running-tasks"},
    ),
    "old spelling": (
        nodes("min(9, ceil(tasks / 4))").replace("$Node", "$TVM"),
        {"misspelt-variable", "deallocation-option-missing"},
    ),
    "when nothing runs": (
        nodes("tasks > 0 ? 9 : 0").replace("taskcompletion", "tasks > 0 ? taskcompletion : requeue"),
        set(),
    ),
    "idle pools only": (nodes("tasks > 0 ? 9 : 0").replace("taskcompletion", "requeue"), {"kills-running-tasks"}),
    "files kept": (nodes("min(9, ceil(tasks / 4))").replace("taskcompletion", "retaineddata"), set()),
}
LATE = {
    "keeps the pool": (
        "p = $PendingTasks.GetSamplePercent(TimeInterval_Minute * 10);"
        "n = p < 70 ? 0 : ceil(max($PendingTasks.GetSample(TimeInterval_Minute * 10)) / $TaskSlotsPerNode);"
        f"$TargetLowPriorityNodes = min(9, p < 70 ? max(n, $CurrentLowPriorityNodes) : n); {DRAIN}",
        {"never-reaches-zero", "window-shorter-than-interval"},
    ),
    "fails": (
        "n = ceil(max($PendingTasks.GetSample(TimeInterval_Minute * 10, 70)) / $TaskSlotsPerNode);"
        f"$TargetLowPriorityNodes = min(9, n); {DRAIN} // shoal: every PT5M",
        {"never-reaches-zero"},
    ),
    "keeps the target": (
        "p = $PendingTasks.GetSamplePercent(TimeInterval_Minute * 5);"
        "n = p < 70 ? $TargetLowPriorityNodes"
        " : ceil(max($PendingTasks.GetSample(TimeInterval_Minute * 5)) / $TaskSlotsPerNode);"
        f"$TargetLowPriorityNodes = min(9, n); {DRAIN} // shoal: every PT5M",
        {"never-reaches-zero", "target-read-as-current"},
    ),
    "newest samples": (nodes("min(9, ceil(tasks / 4))"), set()),
    "long window": (
        "n = ceil(max($PendingTasks.GetSample(TimeInterval_Minute * 30, 70)) / $TaskSlotsPerNode);"
        f"$TargetLowPriorityNodes = min(9, n); {DRAIN}",
        set(),
    ),
}
LOOKS_WRONG = {
    "deadline": (
        f'{HEAD}$TargetDedicatedNodes = time() < time("2027-06-01") ? min(9, ceil(tasks / 4)) : 0; {DRAIN}',
        set(),
    ),
    "first samples": (f"$TargetDedicatedNodes = $PendingTasks.Count() ? 0 : 1; {DRAIN}", set()),
    "no samples yet": (
        "p = $PendingTasks.GetSamplePercent(TimeInterval_Minute * 15);"
        "n = p < 1 ? 0 : max($PendingTasks.GetSample(TimeInterval_Minute * 15));"
        f"$TargetDedicatedNodes = min(9, ceil(n / $TaskSlotsPerNode)); {DRAIN}",
        set(),
    ),
    "pre-empted nodes of a small pool": (
        f"{HEAD}taken = $PreemptedNodeCount.GetSamplePercent(TimeInterval_Minute * 15) < 70 ? 0"
        " : max($PreemptedNodeCount.GetSample(TimeInterval_Minute * 15));"
        "$TargetLowPriorityNodes = min(9, ceil(tasks / 4));"
        f"$TargetDedicatedNodes = taken; {DRAIN}",
        set(),
    ),
    "settings": (
        f"minNodes = 0; useSpot = 1; {HEAD} n = ceil(tasks / 4); n = n < minNodes ? minNodes : n;"
        f"$TargetLowPriorityNodes = useSpot ? min(9, n) : 0; $TargetDedicatedNodes = useSpot ? 0 : min(9, n); {DRAIN}",
        set(),
    ),
    "capped at seven": (
        "p = $PendingTasks.GetSamplePercent(TimeInterval_Minute * 15);"
        "n = p < 70 ? 28 : max($PendingTasks.GetSample(TimeInterval_Minute * 15));"
        f"$TargetDedicatedNodes = time().hour >= 0 ? min(7, ceil(n / $TaskSlotsPerNode)) : 0; {DRAIN}",
        {"unreachable-branch"},
    ),
}
IN_DOCUMENTS = {
    "one slot": ("taskSlotsPerNode: 1", set()),
    "one task, as it was called": ("maxTasksPerNode: 1", set()),
    "four slots": ("taskSlotsPerNode: 4", {"slots-ignored"}),
    "unknown": ("vmSize: standard_d2s_v3", {"slots-ignored"}),
}
UNDIVIDED = nodes("min(9, tasks)")

CORPUS = {
    f"{name}: {shape}": case
    for name, shapes in {
        "truncation": TRUNCATION,
        "guards": GUARDS,
        "killing": KILLING,
        "late samples": LATE,
        "right": LOOKS_WRONG,
    }.items()
    for shape, case in shapes.items()
}
