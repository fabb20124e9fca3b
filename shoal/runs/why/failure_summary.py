"""The kinds of a job's failures, as commands show them at its end and while it runs. Pure."""

from dataclasses import dataclass

from shoal.runs.why.causes import cause
from shoal.runs.why.failure_kinds import FailureKind, Failures
from shoal.runs.why.failure_rows import reason_of, shown
from shoal.runs.why.finding import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureSummary:
    """A kind of failure with one example."""

    tasks: int
    cause: str
    """The row of the table, for scripts."""
    reason: str
    task_id: str
    exit_code: int | None
    code: str
    """The error code of Batch, such as FailureExitCode or CommandProgramNotFound."""
    message: str
    stderr: str
    """The last lines."""


def summaries(failures: Failures) -> list[FailureSummary]:
    return [_summary(kind) for kind in failures.kinds]


def failure_lines(failures: Failures) -> list[str]:
    """Return the kinds as text: a sentence for each, and its example below."""
    lines = []
    for kind in failures.kinds:
        lines += ["", f"{counted(kind.tasks, 'task')} failed: {reason_of(kind)}"]
        lines += [f"  {line}" for line in shown(kind)]
    return [*lines, f"({failures.sampling})"] if failures.sampling else lines


def _summary(kind: FailureKind) -> FailureSummary:
    task = kind.example
    return FailureSummary(
        tasks=kind.tasks,
        cause=cause(task).code,
        reason=reason_of(kind),
        task_id=task.id,
        exit_code=task.exit_code,
        code=task.code,
        message=task.message,
        stderr=task.stderr or "",
    )
