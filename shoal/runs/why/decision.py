"""The decision table: rows in the order in which they are told. Pure."""

from collections.abc import Iterable
from dataclasses import replace

from shoal.runs.why import job_rows, node_rows, pool_rows, waiting_rows
from shoal.runs.why.evidence import Evidence
from shoal.runs.why.failure_rows import failure_findings
from shoal.runs.why.finding import Finding, Row, counted


def _unexplained(evidence: Evidence) -> Finding | None:
    if not evidence.counts.active:
        return None
    waits = counted(evidence.counts.active, "task", "waits")
    return Finding(
        sentence=f"{waits}, and Batch reports nothing that stands in the way",
        step="ask again in a minute; `shoal nodes` shows the nodes",
        blocks=evidence.counts.active,
    )


WAITING: tuple[Row, ...] = (
    job_rows.CONTINUED,
    job_rows.ENDED,
    job_rows.DISABLED,
    # Before all that only slows a running job down.
    job_rows.RUNNING,
    pool_rows.GONE,
    waiting_rows.TOO_LARGE,
    waiting_rows.BLOCKED,
    pool_rows.FORMULA_ERROR,
    pool_rows.QUOTA,
    pool_rows.NO_SPOT,
    pool_rows.RESIZE_ERROR,
    pool_rows.ASKS_FOR_NONE,
    pool_rows.TARGET_ZERO,
    node_rows.START_TASK_FAILED,
    node_rows.UNUSABLE,
    node_rows.UNPREPARED,
    node_rows.STARTING,
    node_rows.BUSY,
    node_rows.TOO_FEW_AT_ONCE,
    job_rows.RETRYING,
    waiting_rows.BEHIND_STAGE,
    node_rows.FREE,
    job_rows.TASKS_MISSING,
    job_rows.STAGES_TO_ADD,
    job_rows.NO_TASKS,
    job_rows.SUCCEEDED,
)
"""Reasons why tasks wait or do not; those of failures are in `causes`."""
OF_JOB_AND_POOL: tuple[Row, ...] = (
    job_rows.DISABLED,
    pool_rows.GONE,
    pool_rows.FORMULA_ERROR,
    pool_rows.QUOTA,
    pool_rows.NO_SPOT,
    pool_rows.RESIZE_ERROR,
    pool_rows.ASKS_FOR_NONE,
    pool_rows.TARGET_ZERO,
)
"""Rows that need neither tasks nor nodes."""
UNEXPLAINED = Row(code="unexplained", situation="Nothing that Batch reports explains it", find=_unexplained)
ROWS: tuple[Row, ...] = (*WAITING, UNEXPLAINED)


def findings(evidence: Evidence) -> tuple[Finding, ...]:
    """Return all that is found: what blocks most tasks first, and failures after what tasks wait for.

    The failures for which a job was ended come before its end.
    """
    waiting = sorted(_of_rows(WAITING, evidence), key=lambda finding: -finding.blocks)
    failures = failure_findings(evidence)
    every = [*failures, *waiting] if evidence.job.was_ended_by_failure else [*waiting, *failures]
    return tuple(every or _of_rows([UNEXPLAINED], evidence))


def _of_rows(rows: Iterable[Row], evidence: Evidence) -> list[Finding]:
    return [replace(finding, code=row.code) for row in rows if (finding := row.find(evidence)) is not None]
