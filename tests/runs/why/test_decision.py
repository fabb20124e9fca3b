"""The decision table, row by row, on evidence that is written down."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shoal.nodes.pool_nodes import PoolNode, Targets
from shoal.runs.progress import Counts
from shoal.runs.why.decision import ROWS, findings
from shoal.runs.why.evidence import (
    Evidence,
    Fault,
    FormulaRun,
    JobFacts,
    JobShare,
    PoolFacts,
    StageProgress,
    TaskFacts,
    Unprepared,
    WaitingTask,
)
from shoal.runs.why.failure_kinds import FailedTask, Failures, grouped

NOW = datetime(2026, 3, 6, 18, 20, tzinfo=UTC)
"""A Friday evening."""
SPOT = Targets(dedicated=0, low_priority=2)
QUOTA = Fault(code="AccountLowPriorityCoreQuotaReached", message="no more")
NO_CAPACITY = Fault(code="AllocationFailed", message="none left")
IN_HOURS = (
    "d = time().weekday; h = time().hour; $TargetLowPriorityNodes = d >= 1 && d <= 5 && h >= 8 && h < 18 ? 2 : 0;"
)
LATER = "$TargetLowPriorityNodes = min(3, $PendingTasks.GetSample(1));"


def evidence(state: str = "active", *, waiting: int = 3, running: int = 0, **more: Any) -> Evidence:
    """Return a job whose tasks wait for two Spot nodes of four slots that work and are free."""
    facts: dict[str, Any] = {
        "now": NOW,
        "job": JobFacts(id="nightly", state=state, pool_id="spot"),
        "counts": Counts(active=waiting, running=running),
        "pool": pool(),
        "nodes": (node("idle"), node("idle")),
        "waiting": tuple(WaitingTask(id=f"t-{number}") for number in range(waiting)),
        "unfinished_parents": frozenset(),
    }
    if (tasks := more.pop("waiting_tasks", None)) is not None:
        facts |= {"waiting": tasks, "counts": Counts(active=len(tasks), running=running)}
    return Evidence(**{**facts, **more})


def pool(**more: Any) -> PoolFacts:
    return PoolFacts(**{"id": "spot", "slots_per_node": 4, "targets": SPOT, "current": SPOT, **more})


def empty_pool(**more: Any) -> PoolFacts:
    none = Targets(dedicated=0, low_priority=0)
    return pool(**{"targets": none, "current": none, **more})


def node(state: str, **more: Any) -> PoolNode:
    return PoolNode(**{"id": "tvmps_1_p", "state": state, "is_spot": True, **more})


def full(state: str = "running") -> PoolNode:
    return node(state, running_tasks=4, running_slots=4)


def shares(**slots: int) -> tuple[JobShare, ...]:
    return tuple(JobShare(job_id=job, running=count, running_slots=count, active=0) for job, count in slots.items())


def failed(*tasks: FailedTask) -> Failures:
    return Failures(total=len(tasks), listed=tasks, kinds=grouped(tasks))


def by_formula(formula: str, **run: Any) -> dict[str, Any]:
    last = FormulaRun(at=NOW - timedelta(minutes=2), results="$TargetLowPriorityNodes=0", **run)
    return {"pool": empty_pool(formula=formula, interval=timedelta(minutes=5), run=last), "nodes": ()}


def ended(reason: str, **more: Any) -> dict[str, Any]:
    return {"job": JobFacts(id="nightly", state="completed", pool_id="spot", reason=reason), **more}


CASES: list[tuple[str, Evidence, str]] = [
    (
        "job-ended",
        evidence(**ended("UserTerminate")),
        "the job has ended: it was cancelled, and 3 tasks will never run",
    ),
    (
        "job-ended",
        evidence(waiting=1, **ended("MaxWallClockTimeExpiry")),
        "the job has ended: it reached its own time limit (max_time of the job), and 1 task will never run",
    ),
    (
        "job-ended",
        evidence(waiting=1, **ended("TasksBlocked")),
        "the job has ended: the tasks that were left could never run, and the file ends the job then "
        "(on_failure: end), and 1 task will never run",
    ),
    (
        "run-continued",
        evidence(waiting=1, later_job="nightly-retry-2", mended=2, **ended("UserTerminate")),
        "the run went on in job nightly-retry-2, where 2 tasks have succeeded since",
    ),
    ("job-disabled", evidence("disabled"), "the job is disabled: Batch starts none of its tasks"),
    ("pool-gone", evidence(pool=None, nodes=()), "the pool spot is gone: Batch has no such pool"),
    ("pool-gone", evidence(pool=pool(state="deleting")), "the pool spot is gone: it is deleting"),
    (
        "slots-too-large",
        evidence(waiting_tasks=(WaitingTask(id="big", slots=5), WaitingTask(id="t-1"))),
        "1 task needs more slots than a node of pool spot has (4 slots)",
    ),
    (
        "dependency-failed",
        evidence(
            waiting_tasks=(WaitingTask(id="merge", parents=("t-1", "t-2")),),
            failures=failed(FailedTask(id="t-1", code="FailureExitCode", exit_code=1)),
        ),
        "1 task can never run, because t-1 failed",
    ),
    (
        "formula-error",
        evidence(**by_formula("$x", fault=Fault(code="InsufficientSampleData", message="no samples"))),
        "the formula of pool spot fails, so the pool keeps its 0 nodes",
    ),
    (
        "quota",
        evidence(pool=empty_pool(targets=SPOT, resize_faults=(QUOTA,)), nodes=()),
        "a quota keeps pool spot at 0 of 2 nodes; the Batch account has reached its core quota for Spot nodes",
    ),
    (
        "no-spot",
        evidence(nodes=(node("preempted"), node("preempted"))),
        "Azure took 2 Spot nodes of pool spot away, and has no other yet",
    ),
    (
        "no-spot",
        evidence(pool=empty_pool(targets=SPOT, resize_faults=(NO_CAPACITY,)), nodes=()),
        "Azure has no Spot nodes for pool spot at the moment: it has 0 of 2 nodes; "
        "the region has no capacity for these nodes at the moment",
    ),
    (
        "resize-error",
        evidence(pool=empty_pool(targets=Targets(dedicated=2, low_priority=0), resize_faults=(NO_CAPACITY,)), nodes=()),
        "pool spot could not be resized: it has 0 of 2 nodes; the region has no capacity for these nodes at the moment",
    ),
    (
        "formula-asks-for-none",
        evidence(**by_formula("$TargetLowPriorityNodes = 0;")),
        "pool spot has no nodes, and its formula asks for none, also with 3 tasks waiting",
    ),
    (
        "formula-asks-for-none",
        evidence(**by_formula(IN_HOURS)),
        "pool spot has no nodes, and its formula asks for none until Mon 2026-03-09 08:00 UTC",
    ),
    (
        "formula-asks-for-none",
        evidence(**by_formula(LATER)),
        "pool spot has no nodes, and its formula asks for none yet; with 3 tasks waiting it asks for 3 next time",
    ),
    (
        "size-zero",
        evidence(pool=empty_pool(), nodes=()),
        "pool spot has no nodes: it has a fixed size of none",
    ),
    (
        "start-task-failed",
        evidence(nodes=(node("starttaskfailed", exit_code=3),), start_task_stderr=("no such tool",)),
        "the start task failed with exit code 3 on 1 node of pool spot",
    ),
    (
        "nodes-unusable",
        evidence(nodes=(node("unusable"), node("unusable"))),
        "2 nodes of pool spot cannot be used",
    ),
    (
        "preparation-failed",
        evidence(
            nodes=(node("idle"),),
            unprepared=(Unprepared(node="tvmps_1_p", exit_code=3),),
            preparation_stderr=("no such disk",),
        ),
        "the job preparation task failed with exit code 3 on 1 node of pool spot, "
        "so that no task of the job runs there",
    ),
    (
        "nodes-starting",
        evidence(nodes=(node("creating", since=NOW - timedelta(seconds=72)), node("starting", since=NOW))),
        "2 nodes of pool spot are still starting, for 0:01:12 so far",
    ),
    (
        "slots-busy",
        evidence(nodes=(full(), full()), shares=shares(other=6, third=2, nightly=0)),
        "all 8 slots of pool spot are busy: job other runs 6 tasks on 6 slots, job third runs 2 tasks on 2 slots",
    ),
    (
        "slots-busy",
        evidence(
            nodes=(node("running", running_slots=2), full()),
            waiting_tasks=(WaitingTask(id="wide", slots=3),),
            shares=shares(other=6),
        ),
        "no node has 3 free slots: job other runs 6 tasks on 6 slots",
    ),
    (
        "instances-need-nodes",
        evidence(nodes=(full(), node("idle")), waiting_tasks=(WaitingTask(id="wide", instances=2),)),
        "1 task needs 2 nodes at once, and pool spot has 1 free",
    ),
    (
        "instances-need-nodes",
        evidence(waiting_tasks=(WaitingTask(id="wide", instances=3), WaitingTask(id="wider", instances=4))),
        "2 tasks need 3 nodes at once, and pool spot has 2 free",
    ),
    (
        "waits-again",
        evidence(
            waiting=1,
            nodes=(),
            pool=pool(),
            task=TaskFacts(id="t-0", state="active", retries=2, requeues=1),
        ),
        "it waits to run again: 2 attempts failed before and 1 attempt lost the node before",
    ),
    (
        "running",
        evidence(waiting=0, running=2, counts=Counts(running=2, succeeded=60, failed=0, active=0)),
        "it is running: 60 of 62 tasks done, 2 running",
    ),
    (
        "waits-for-stage",
        evidence(
            waiting_tasks=(WaitingTask(id="merge", parents=("t-1",)),),
            unfinished_parents=frozenset({"t-1"}),
            stages=(StageProgress(name="t", unfinished=100, running=4, is_all=False),),
        ),
        "1 task waits for stage t",
    ),
    ("about-to-start", evidence(), "pool spot has free slots: its tasks start now"),
    (
        "tasks-missing",
        evidence(
            waiting=0,
            counts=Counts(succeeded=2),
            job=JobFacts(id="nightly", state="active", pool_id="spot", expected=5),
        ),
        "2 of 5 tasks are in the job: it is still being submitted, or that broke off",
    ),
    (
        "stages-to-add",
        evidence(
            waiting=0,
            counts=Counts(succeeded=2),
            job=JobFacts(id="nightly", state="active", pool_id="spot", expected=2, deferred=("encode", "stitch")),
        ),
        "all 2 tasks so far succeeded, and the tasks of encode, stitch are still to be added",
    ),
    ("no-tasks", evidence(waiting=0), "the job has no tasks"),
    ("succeeded", evidence(waiting=0, counts=Counts(succeeded=7)), "all is well: all 7 tasks succeeded"),
    ("unexplained", evidence(nodes=()), "3 tasks wait, and Batch reports nothing that stands in the way"),
]


@pytest.mark.parametrize(("code", "facts", "sentence"), CASES)
def test_row_is_found_with_its_sentence(code: str, facts: Evidence, sentence: str) -> None:
    first = findings(facts)[0]
    assert (first.code, first.sentence) == (code, sentence)


def test_every_row_has_a_case() -> None:
    assert {code for code, _, _ in CASES} == {row.code for row in ROWS}


def test_work_that_can_never_run_does_not_wait_for_nodes() -> None:
    facts = evidence(
        waiting_tasks=(WaitingTask(id="merge", parents=("t-1",)),),
        failures=failed(FailedTask(id="t-1", code="FailureExitCode", exit_code=1)),
        **by_formula("$TargetLowPriorityNodes = 0;"),
    )
    assert [finding.code for finding in findings(facts)] == ["dependency-failed", "exit-code"]


def test_reason_that_blocks_most_tasks_comes_first_and_the_others_follow() -> None:
    large = tuple(WaitingTask(id=f"big-{number}", slots=9) for number in range(2))
    small = tuple(WaitingTask(id=f"t-{number}") for number in range(3))
    facts = evidence(waiting_tasks=large + small, pool=empty_pool(), nodes=())
    assert [(finding.code, finding.blocks) for finding in findings(facts)] == [("size-zero", 3), ("slots-too-large", 2)]


def test_job_that_runs_says_so_before_what_slows_it_down_and_what_failed() -> None:
    facts = evidence(
        running=8,
        nodes=(full(), full(), node("starting", since=NOW)),
        shares=shares(nightly=8),
        failures=failed(FailedTask(id="t-9", code="FailureExitCode", exit_code=137)),
    )
    assert {finding.code for finding in findings(facts)} == {"running", "nodes-starting", "slots-busy", "out-of-memory"}
    assert findings(facts)[0].code == "running"


def test_start_of_nodes_is_compared_with_the_start_of_another() -> None:
    working = node("running", running_slots=4, startup=timedelta(seconds=42))
    facts = evidence(nodes=(working, node("starting", since=NOW - timedelta(seconds=5))))
    found = next(finding for finding in findings(facts) if finding.code == "nodes-starting")
    assert found.sentence.endswith("still starting, for 0:00:05 so far; another node took 0:00:42")


def test_thousand_alike_of_which_a_hundred_were_read_are_counted_in_full() -> None:
    facts = evidence(
        counts=Counts(active=1000), waiting_tasks=tuple(WaitingTask(id=f"t-{n}", slots=5) for n in range(100))
    )
    assert findings(facts)[0].sentence.startswith("1000 tasks need more slots")


def test_cancelled_job_is_not_said_to_wait_for_nodes() -> None:
    facts = evidence(**ended("UserTerminate", pool=empty_pool(), nodes=()))
    assert [finding.code for finding in findings(facts)] == ["job-ended"]


def test_disabled_job_is_not_said_to_start_and_is_told_before_its_failures() -> None:
    nine = failed(FailedTask(id="t-9", code="FailureExitCode", exit_code=9))
    assert [finding.code for finding in findings(evidence("disabled"))] == ["job-disabled"]
    assert findings(evidence("disabled", waiting=0, failures=nine))[0].code == "job-disabled"


@pytest.mark.parametrize("reason", ["TaskFailed", "TasksBlocked"])
def test_failure_for_which_a_job_was_ended_comes_before_its_end(reason: str) -> None:
    nine = failed(FailedTask(id="t-9", code="FailureExitCode", exit_code=9))
    assert [finding.code for finding in findings(evidence(failures=nine, **ended(reason)))] == [
        "exit-code",
        "job-ended",
    ]


def test_formula_that_asks_for_none_is_shown_with_its_variables_then_and_now() -> None:
    (found,) = findings(
        evidence(**by_formula("slots = 4; $TargetLowPriorityNodes = max($PendingTasks.GetSample(1)) > 99 ? 1 : 0;"))
    )
    assert found.evidence == (
        "evaluated by Batch at 18:18:00 UTC: $TargetLowPriorityNodes=0",
        "evaluated now, with 3 tasks waiting: $TargetDedicatedNodes=0;$TargetLowPriorityNodes=0;"
        "$NodeDeallocationOption=requeue;slots=4",
    )


@pytest.mark.parametrize(
    ("samples", "shown"),
    [
        ("[]", "[]"),
        ("[1,2,3,4,5]", "[1,2,3,4,5]"),
        ("[1,2,3,4,5,6]", "[1,2,3,4,5,… (6 samples)]"),
        (f"[{','.join(['0.5'] * 500)}];b=[1]", "[0.5,0.5,0.5,0.5,0.5,… (500 samples)];b=[1]"),
    ],
)
def test_only_the_first_samples_of_a_variable_are_shown(samples: str, shown: str) -> None:
    last = FormulaRun(at=None, results=f"$TargetLowPriorityNodes=0;a={samples}")
    facts = evidence(pool=empty_pool(formula="$TargetLowPriorityNodes = 0;", run=last), nodes=())
    lines = [line for finding in findings(facts) for line in finding.evidence]
    assert f"evaluated by Batch: $TargetLowPriorityNodes=0;a={shown}" in lines


def test_preparation_that_failed_blocks_nothing_while_other_nodes_take_the_tasks() -> None:
    facts = evidence(nodes=(node("idle"), node("idle", id="tvmps_2_p")), unprepared=(Unprepared(node="tvmps_1_p"),))
    found = {finding.code: finding.blocks for finding in findings(facts)}
    assert found == {"preparation-failed": 0, "about-to-start": 0}


def test_every_finding_that_blocks_names_a_next_step() -> None:
    assert [code for code, facts, _ in CASES if any(f.blocks and not f.step for f in findings(facts))] == []
