"""Decides the fate of a task whose run has ended, and its consequences for the job and the dependents. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from shoal.local.store.states import TaskFailureMode

JsonObject = Mapping[str, Any]


class Verdict(Enum):
    SUCCESS = "success"
    FAILURE = "failure"
    RETRY = "retry"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """The end of a run of a task, as its node reports it. Times in microseconds."""

    ended: int
    exit_code: int | None = None
    """None where no process ran to its end."""
    failure: dict[str, Any] | None = None
    """The failureInfo where something other than the exit code went wrong: a download, the launch, the time limit."""
    subtask: int | None = None
    """The subtask of a multi-instance task whose failure ends the task; None for the end of the task's own process."""


UNLIMITED_RETRIES = -1


def verdict(ending: Ending, *, retry_count: int, max_retries: int) -> Verdict:
    """Return what becomes of the task. Only a non-zero exit code is retried: a missing file will be missing again.

    Source: REST reference, maxTaskRetryCount; "Check for errors in Batch". The loss of its agents is retried likewise.
    """
    if ending.failure is not None and ending.failure["code"] != AGENT_ENDED:
        return Verdict.FAILURE
    if ending.exit_code == 0:
        return Verdict.SUCCESS
    retries_left = max_retries == UNLIMITED_RETRIES or retry_count < max_retries
    return Verdict.RETRY if retries_left else Verdict.FAILURE


def failure_info(ending: Ending) -> dict[str, Any]:
    """Return the failureInfo of a task that has finally failed."""
    if ending.failure is not None:
        return ending.failure
    details = {
        "Message": "The task process exited with an unexpected exit code",
        "AdditionalErrorCode": "FailureExitCode",
    }
    if ending.subtask is not None:
        details["SubtaskId"] = str(ending.subtask)
    return failure("FailureExitCode", "The task exited with an exit code representing a failure", details)


def failure(
    code: str, message: str, details: Mapping[str, str] | None = None, *, server: bool = False
) -> dict[str, Any]:
    return {
        "category": "ServerError" if server else "UserError",
        "code": code,
        "message": message,
        "details": [{"name": name, "value": value} for name, value in (details or {}).items()],
    }


TASK_ENDED = "TaskEnded"
"""Also an agent's code for a task over its time limit (`node/agent.py`)."""
AGENT_ENDED = "NodeAgentEnded"
MOST_LOSSES_ALONE, MOST_LOSSES = 3, 9
"""Losses of its node after which a task that ran there spends a retry: where it ran alone, and in any company."""
UPLOAD_FAILURES = "FileUpload"
"""Beginning of the codes of all failed uploads (`node/output_files.py`)."""


def task_ended_failure(message: str) -> dict[str, Any]:
    return failure(TASK_ENDED, message)


def is_to_blame(requeue_count: int, *, alone: bool) -> bool:
    """Return True where a task whose node's agent has just ended is taken for the cause.

    `requeue_count` are its losses before this one. Tasks beside it may be the cause as well, so it then takes more.
    """
    return requeue_count + 1 >= (MOST_LOSSES_ALONE if alone else MOST_LOSSES)


def agent_ended_failure(node: str) -> dict[str, Any]:
    message = f"The agent of node {node} ended while the task ran, which has happened before; the task may be the cause"
    return failure(AGENT_ENDED, message)


def exit_options(conditions: JsonObject, ending: Ending) -> JsonObject:
    """Return the options of the exit condition that applies to the end; an empty object where none does.

    Source: REST reference, ExitConditions: exact code, then range; `default` never applies to exit code 0. Azure does
    not say which conditions apply to a task that was ended by request. Here it is `default` only.
    """
    if ending.failure is not None and ending.failure["code"] in (TASK_ENDED, AGENT_ENDED):
        return _first(conditions, "default")
    if ending.failure is not None and not ending.failure["code"].startswith(UPLOAD_FAILURES):
        return _first(conditions, "preProcessingError", "default")
    # Output files are uploaded after the process has ended, so a failed upload has an exit code, too.
    for mapping in conditions.get("exitCodes", ()):
        if mapping["code"] == ending.exit_code:
            return _options(mapping)
    for mapping in conditions.get("exitCodeRanges", ()):
        if ending.exit_code is not None and mapping["start"] <= ending.exit_code <= mapping["end"]:
            return _options(mapping)
    if ending.failure is not None:
        return _first(conditions, "fileUploadError", "default")
    return {} if ending.exit_code == 0 else _first(conditions, "default")


def _options(mapping: JsonObject) -> JsonObject:
    options: JsonObject = mapping["exitOptions"]
    return options


def _first(conditions: JsonObject, *names: str) -> JsonObject:
    return next((conditions[name] for name in names if name in conditions), {})


def satisfies_dependents(options: JsonObject, *, succeeded: bool) -> bool:
    """Return True where the dependents may run.

    Source: REST reference, DependencyAction: by default success satisfies and everything else blocks.
    """
    return bool(options.get("dependencyAction", "satisfy" if succeeded else "block") == "satisfy")


def terminates_job(options: JsonObject, *, succeeded: bool, on_task_failure: str) -> bool:
    """Return True where the end of the task ends its job.

    Source: REST reference, OnTaskFailure and JobAction: failures terminate the job unless mapped otherwise.
    """
    if on_task_failure != TaskFailureMode.PERFORM_EXIT_OPTIONS_JOB_ACTION:
        return False
    return _job_action(options, succeeded=succeeded) == "terminate"


def disables_job(options: JsonObject, *, succeeded: bool, on_task_failure: str) -> bool:
    """Return True where the end of the task disables its job, whose running tasks then wait again.

    Source: REST reference, JobAction: the same as Jobs - Disable with `requeue`.
    """
    if on_task_failure != TaskFailureMode.PERFORM_EXIT_OPTIONS_JOB_ACTION:
        return False
    return _job_action(options, succeeded=succeeded) == "disable"


def _job_action(options: JsonObject, *, succeeded: bool) -> str:
    return str(options.get("jobAction", "none" if succeeded else "terminate"))
