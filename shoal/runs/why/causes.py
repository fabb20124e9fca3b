"""Causes of failed tasks: Batch's codes, usual exit codes, and what the last line of stderr gives away. Pure.

Sources: Batch REST, Task - Get, TaskFailureInformation, and "Batch status and error codes"; for exit codes the Bash
manual, "Exit Status" (126, 127, 128 + n for signal n), and the manual of GNU timeout (124).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from shoal.runs.why.failure_kinds import FailedTask

SIGNALS = {
    130: "SIGINT",
    131: "SIGQUIT",
    132: "SIGILL, an instruction that this processor does not have",
    134: "SIGABRT, it gave up itself, as after a failed assertion",
    135: "SIGBUS",
    136: "SIGFPE, as by a division by zero",
    141: "SIGPIPE, the reader of its output has ended",
    143: "SIGTERM, something asked it to end",
}
DISK_FULL = re.compile(r"no space left on device|disk quota exceeded|ENOSPC", re.IGNORECASE)
WALL_CLOCK = re.compile(r"maxWallClockTime|wall.?clock", re.IGNORECASE)
SUBTASK = "SubtaskId"
"""Name of the detail that says which subtask of a multi-instance task has failed."""
CORRECT = "correct the command in the job file, then `shoal retry {job}`"
AGAIN = "`shoal retry {job}`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    code: str
    situation: str
    """In a few words, for the page."""
    fits: Callable[[FailedTask], bool]
    meaning: Callable[[FailedTask], str]
    """Return the cause in one clause."""
    step: str
    """The next step; `{job}` and `{task}` stand for the ids."""


def cause(task: FailedTask) -> Cause:
    """Return the first cause that fits; the last one always does."""
    return next(cause for cause in CAUSES if cause.fits(task))


def reason(task: FailedTask) -> str:
    """Return the cause of a failure in one clause, and the command that failed where it is not the task's own.

    Source: "Use multi-instance tasks to run MPI applications in Batch": subtasks run the coordination command only.
    """
    meaning = cause(task).meaning(task)
    subtask = task.details.get(SUBTASK)
    return (
        meaning if subtask is None else f"the coordination command failed on the node of subtask {subtask}: {meaning}"
    )


def _codes(*codes: str) -> Callable[[FailedTask], bool]:
    return lambda task: task.code in codes


def _begins(*beginnings: str) -> Callable[[FailedTask], bool]:
    return lambda task: task.code.startswith(beginnings)


def _exited(*exit_codes: int) -> Callable[[FailedTask], bool]:
    return lambda task: task.exit_code in exit_codes


def _either(*conditions: Callable[[FailedTask], bool]) -> Callable[[FailedTask], bool]:
    return lambda task: any(condition(task) for condition in conditions)


def _constant(text: str) -> Callable[[FailedTask], str]:
    return lambda _: text


def _message(text: str) -> Callable[[FailedTask], str]:
    """Return the text, and the place that Batch names or else its message."""
    return lambda task: f"{text} ({_place(task) or task.message})"


def _place(task: FailedTask) -> str:
    names = ("Url", "BlobSource", "ContainerUrl", "CommandProgram", "Application", "FilePath")
    return next((task.details[name].partition("?")[0] for name in names if task.details.get(name)), "")


def _is_over_time(task: FailedTask) -> bool:
    """True for the code of an ended task after as long as it may run; nodes also name the limit in their message."""
    if task.code == "FailureExitCode":
        return False
    if WALL_CLOCK.search(f"{task.code} {task.message}"):
        return True
    if task.code != "TaskEnded" or task.ran is None or task.limit is None:
        return False
    return task.ran >= task.limit


def _over_time(task: FailedTask) -> str:
    limit = f" of {task.limit}" if task.limit else ""
    return f"time limit{limit} reached"


def _signal(task: FailedTask) -> bool:
    return task.exit_code is not None and 128 < task.exit_code < 160


def _ended_by_signal(task: FailedTask) -> str:
    number = (task.exit_code or 0) - 128
    return f"exit code {task.exit_code}: ended by signal {number} ({SIGNALS.get(number + 128, 'see `kill -l`')})"


def _exit_code(task: FailedTask) -> str:
    last = f" ({task.last_line})" if task.last_line else ""
    return f"exit code {task.exit_code}{last}"


CAUSES: tuple[Cause, ...] = (
    Cause(
        code="time-limit",
        situation="A task ran into its time limit (max_time)",
        fits=_is_over_time,
        meaning=_over_time,
        step="raise max_time in the job file, or make the work smaller, then " + AGAIN,
    ),
    Cause(
        code="disk-full",
        situation="The disk of the node is full",
        fits=_either(
            _codes("DiskFull", "ResourceDirectoryCreateFailed", "ResourceFileCreateFailed", "ResourceFileWriteFailed"),
            lambda task: DISK_FULL.search(f"{task.message} {task.last_line}") is not None,
        ),
        meaning=_constant("the disk of the node is full, or could not be written"),
        step="choose a vmSize with a larger disk or fewer taskSlotsPerNode in the stack's file, then " + AGAIN,
    ),
    Cause(
        code="input-missing",
        situation="An input does not exist",
        fits=_codes("BlobNotFound", "ResourceContainerNotFound"),
        meaning=_message("an input does not exist"),
        step="upload it, or correct inputs in the job file, then " + AGAIN,
    ),
    Cause(
        code="input-forbidden",
        situation="An input may not be read",
        fits=_codes("BlobAccessDenied", "ResourceContainerAccessDenied"),
        meaning=_message("an input may not be read: its signature has expired, or the nodes' identity has no role"),
        step="submit again for new signatures, or check the identity's roles (`shoal up`), then " + AGAIN,
    ),
    Cause(
        code="input-failed",
        situation="An input could not be downloaded for another reason",
        fits=_begins("BlobDownload", "ResourceContainerList"),
        meaning=_message("an input could not be downloaded"),
        step="it may have been the network: " + AGAIN,
    ),
    Cause(
        code="package-not-active",
        situation="An application package is not active, or could not be unpacked",
        fits=_begins("ApplicationPackage"),
        meaning=_message("an application package is not there or not active"),
        step="`shoal up` uploads and activates missing packages, then " + AGAIN,
    ),
    Cause(
        code="command-not-found",
        situation="The command does not exist (also exit code 127)",
        fits=_either(_codes("CommandProgramNotFound"), _exited(127)),
        meaning=lambda task: f"the command was not found ({_place(task) or task.last_line or 'exit code 127'})",
        step="install it by a package or the start task, or correct the command, then " + AGAIN,
    ),
    Cause(
        code="command-not-started",
        situation="The command cannot be executed (also exit code 126)",
        fits=_either(_codes("CommandLaunchFailed"), _exited(126)),
        meaning=lambda task: f"the command could not be started ({task.last_line or task.message or 'exit code 126'})",
        step="make the file executable (`chmod +x`) and check its first line, then " + AGAIN,
    ),
    Cause(
        code="output-upload",
        situation="An output could not be uploaded",
        fits=_begins("FileUpload"),
        meaning=_message("an output could not be uploaded"),
        step="check that the container is there and may be written (`shoal up`), then " + AGAIN,
    ),
    Cause(
        code="ended-by-request",
        situation="The task was ended by request",
        fits=_codes("TaskEnded"),
        meaning=_message("ended by request"),
        step=AGAIN,
    ),
    Cause(
        code="node-lost",
        situation="The node's agent ended while the task ran, several times",
        fits=_codes("NodeAgentEnded"),
        meaning=_constant("the agent of the node ended while it ran, several times: it may use too much memory"),
        step="give the task more slots, or the pool a larger vmSize, then " + AGAIN,
    ),
    Cause(
        code="container",
        situation="The container image or its settings do not work",
        fits=_begins("Container", "Mount"),
        meaning=_message("the container or mount could not be set up"),
        step="check the image and the registry of the pool, then " + AGAIN,
    ),
    Cause(
        code="exit-timeout",
        situation="Exit code 124: `timeout` in the command ended it",
        fits=_exited(124),
        meaning=_constant("exit code 124: `timeout` in the command ended it"),
        step="allow more time in the command, then " + AGAIN,
    ),
    Cause(
        code="out-of-memory",
        situation="Exit code 137: killed, mostly for want of memory",
        fits=_exited(137),
        meaning=_constant("exit code 137: killed (SIGKILL), mostly because the node ran out of memory"),
        step="give the task more slots, or the pool a larger vmSize, then " + AGAIN,
    ),
    Cause(
        code="segmentation-fault",
        situation="Exit code 139: it used memory that is not its own",
        fits=_exited(139),
        meaning=_constant("exit code 139: a segmentation fault (SIGSEGV) in the program or a library"),
        step="run the same command with the same inputs at home: `shoal logs {job} {task} --stderr`",
    ),
    Cause(
        code="signal",
        situation="Exit codes from 129: ended by signal n - 128",
        fits=_signal,
        meaning=_ended_by_signal,
        step="read `shoal logs {job} {task} --stderr`; " + CORRECT,
    ),
    Cause(
        code="exit-code",
        situation="Any other exit code",
        fits=lambda task: task.exit_code not in (None, 0),
        meaning=_exit_code,
        step="read `shoal logs {job} {task} --stderr`; " + CORRECT,
    ),
    Cause(
        code="failure",
        situation="Any other failure, in Batch's words",
        fits=lambda _: True,
        meaning=lambda task: f"{task.code or 'it failed'}{f': {task.message}' if task.message else ''}",
        step="`shoal logs {job} {task} --stderr`, then " + AGAIN,
    ),
)
