"""Findings about tasks that failed: one for each kind of failure. Pure."""

from shoal.runs.why.causes import cause, reason
from shoal.runs.why.evidence import Evidence
from shoal.runs.why.failure_kinds import FailureKind
from shoal.runs.why.finding import Finding, counted


def failure_findings(evidence: Evidence) -> list[Finding]:
    """Return a finding for each kind, the most frequent first."""
    return [_finding(evidence, kind) for kind in evidence.failures.kinds]


def _finding(evidence: Evidence, kind: FailureKind) -> Finding:
    found = cause(kind.example)
    who = "it" if evidence.task is not None else counted(kind.tasks, "task")
    return Finding(
        code=found.code,
        sentence=f"{who} failed: {reason_of(kind)}",
        evidence=tuple(shown(kind, with_id=evidence.task is None)),
        step=found.step.format(job=evidence.job.id, task=kind.example.id),
    )


def reason_of(kind: FailureKind) -> str:
    """Return the cause of a kind in one clause."""
    if kind.is_unread:
        return f"exit code {kind.example.exit_code}, and their stderr was not read"
    return reason(kind.example)


def shown(kind: FailureKind, *, with_id: bool = True) -> list[str]:
    """Return the example of a kind in lines: its task, code, exit code and message, and the end of its stderr."""
    task = kind.example
    exited = "" if task.exit_code is None else f", exit code {task.exit_code}"
    message = f": {task.message}" if task.message else ""
    head = f"{f'for example {task.id}: ' if with_id else ''}{task.code}{exited}{message}"
    return [head, *(f"| {line}" for line in (task.stderr or "").splitlines())]
