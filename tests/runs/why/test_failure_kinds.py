"""Failures by kind: what they have in common, and what is said of those that were not read."""

from datetime import timedelta
from typing import Any

import pytest

from shoal.runs.why.causes import CAUSES, cause, reason
from shoal.runs.why.failure_kinds import FailedTask, FailureKind, Failures, common_text, grouped, to_read
from shoal.runs.why.failure_summary import failure_lines


def exited(number: int, exit_code: int = 1, stderr: str | None = "", **more: Any) -> FailedTask:
    return FailedTask(id=f"t-{number}", code="FailureExitCode", exit_code=exit_code, stderr=stderr, **more)


def of_batch(code: str, message: str = "", **more: Any) -> FailedTask:
    return FailedTask(id="t", code=code, message=message, **more)


CASES: list[tuple[FailedTask, str, str]] = [
    (
        of_batch("TaskEnded", ran=timedelta(2), limit=timedelta(2)),
        "time-limit",
        "time limit of 2 days, 0:00:00 reached",
    ),
    (of_batch("TaskEnded", "The task ran longer than its maxWallClockTime"), "time-limit", "time limit reached"),
    (of_batch("TaskEnded", "by request"), "ended-by-request", "ended by request (by request)"),
    (of_batch("DiskFull"), "disk-full", "the disk of the node is full, or could not be written"),
    (
        exited(1, stderr="cp: write error: No space left on device\n"),
        "disk-full",
        "the disk of the node is full, or could not be written",
    ),
    (
        of_batch("BlobNotFound", details={"Url": "https://s/in/x.csv?sig=secret"}),
        "input-missing",
        "an input does not exist (https://s/in/x.csv)",
    ),
    (of_batch("ResourceContainerNotFound", "no"), "input-missing", "an input does not exist (no)"),
    (
        of_batch("BlobAccessDenied", "403"),
        "input-forbidden",
        "an input may not be read: its signature has expired, or the nodes' identity has no role (403)",
    ),
    (of_batch("BlobDownloadTimedOut", "slow"), "input-failed", "an input could not be downloaded (slow)"),
    (
        of_batch("ApplicationPackageError", "gone", details={"Application": "tool"}),
        "package-not-active",
        "an application package is not there or not active (tool)",
    ),
    (
        of_batch("CommandProgramNotFound", details={"CommandProgram": "prodigal"}),
        "command-not-found",
        "the command was not found (prodigal)",
    ),
    (exited(1, 127, "sh: 1: foo: not found"), "command-not-found", "the command was not found (sh: 1: foo: not found)"),
    (exited(1, 126, "sh: 1: ./x: Permission denied"), "command-not-started", ""),
    (of_batch("CommandLaunchFailed", "no interpreter"), "command-not-started", ""),
    (of_batch("FileUploadContainerNotFound", "gone"), "output-upload", "an output could not be uploaded (gone)"),
    (of_batch("NodeAgentEnded"), "node-lost", ""),
    (of_batch("ContainerInvalidImage", "no such image"), "container", ""),
    (exited(1, 124), "exit-timeout", "exit code 124: `timeout` in the command ended it"),
    (exited(1, 137), "out-of-memory", "exit code 137: killed (SIGKILL), mostly because the node ran out of memory"),
    (exited(1, 139), "segmentation-fault", ""),
    (exited(1, 143), "signal", "exit code 143: ended by signal 15 (SIGTERM, something asked it to end)"),
    (exited(1, 9, "first\ncannot do 2\n\n"), "exit-code", "exit code 9 (cannot do 2)"),
    (of_batch("Unknown", "an internal error"), "failure", "Unknown: an internal error"),
]


@pytest.mark.parametrize(("task", "code", "meaning"), CASES)
def test_failure_has_its_cause(task: FailedTask, code: str, meaning: str) -> None:
    assert cause(task).code == code
    assert not meaning or reason(task) == meaning


def test_failure_of_a_subtask_is_one_of_the_coordination_command() -> None:
    failed = exited(1, 3, details={"SubtaskId": "1"})
    assert reason(failed) == "the coordination command failed on the node of subtask 1: exit code 3"
    lines = failure_lines(Failures(total=1, listed=(failed,), kinds=grouped([failed])))
    assert lines[1] == "1 task failed: the coordination command failed on the node of subtask 1: exit code 3"


def test_every_cause_has_a_case() -> None:
    assert {code for _, code, _ in CASES} == {cause.code for cause in CAUSES}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("cannot do 2", "cannot do 137"),
        ("ValueError: bad row in data/a.csv", "ValueError: bad row in data/deep/b.csv"),
        ("at 0x7f3a9c001b20", "at 0x7f3a9c00ffff"),
        ("GET https://s/a?x=1 failed", "GET https://s/b failed"),
    ],
)
def test_messages_that_differ_in_numbers_and_paths_are_of_one_kind(one: str, other: str) -> None:
    assert common_text(one) == common_text(other)


def test_messages_that_differ_in_words_are_of_two_kinds() -> None:
    assert common_text("KeyError: 'alpha'") != common_text("ValueError: 'alpha'")


def test_thirteen_failures_of_four_kinds_are_four_kinds_with_their_counts() -> None:
    tasks = [
        *(exited(number, 1, f"no row {number}") for number in range(6)),
        *(exited(number, 1, "division by zero") for number in range(6, 10)),
        *(exited(number, 137) for number in range(10, 12)),
        of_batch("BlobNotFound", "gone"),
    ]
    assert [(kind.tasks, kind.example.id) for kind in grouped(tasks)] == [(6, "t-0"), (4, "t-6"), (2, "t-10"), (1, "t")]


def test_failures_that_were_not_read_are_alike_where_all_that_were_read_are() -> None:
    tasks = [exited(1, stderr="bad row 1"), exited(2, stderr="bad row 2"), *(exited(n, stderr=None) for n in range(98))]
    assert [kind.tasks for kind in grouped(tasks)] == [100]


def test_failures_that_were_not_read_are_told_apart_where_those_that_were_read_differ() -> None:
    tasks = [exited(1, stderr="bad row"), exited(2, stderr="no memory"), *(exited(n, stderr=None) for n in range(98))]
    kinds = grouped(tasks)
    assert [(kind.tasks, kind.is_unread) for kind in kinds] == [(1, False), (1, False), (98, True)]
    assert "98 tasks failed: exit code 1, and their stderr was not read" in failure_lines(
        Failures(total=100, kinds=kinds)
    )


def test_stderr_is_read_of_every_outcome_and_from_all_over_a_large_one() -> None:
    tasks = [*(exited(number, 1, None) for number in range(1000)), exited(1000, 2, None), of_batch("BlobNotFound")]
    chosen = [task.id for task in to_read(tasks, 10)]
    assert chosen == ["t-0", "t-200", "t-400", "t-600", "t-800", "t-1000"]


def test_kinds_are_shown_with_one_example_and_what_was_sampled() -> None:
    kind = FailureKind(tasks=2, example=exited(7, 9, "before\ncannot do 2", message="it failed"))
    failures = Failures(total=100_000, listed=(kind.example,) * 1000, kinds=(kind,))
    assert failure_lines(failures) == [
        "",
        "2 tasks failed: exit code 9 (cannot do 2)",
        "  for example t-7: FailureExitCode, exit code 9: it failed",
        "  | before",
        "  | cannot do 2",
        "(1000 of 100000 failures were read)",
    ]
