"""Stages whose tasks can be skipped, and the reasons why others never are."""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from shoal.jobs.binding.bound_job import BoundJob, BoundStage
from shoal.jobs.file.spec import Stage
from shoal.jobs.file.task_spec import ExitAction, OnFailure, Skip

_NOT_LISTABLE = re.compile(r"[\[\]$\\{}\n]")
_TEMPLATE = "{{"


def skippable_stages(job: BoundJob) -> list[BoundStage]:
    """Return the stages whose tasks are known and may be skipped, in order."""
    never = never_skipped(job)
    return [stage for stage in job.ready_stages if stage.spec.skip is Skip.EXISTS and stage.name not in never]


def never_skipped(job: BoundJob) -> Mapping[str, str]:
    """Return the reason for each stage with `skip: exists` whose tasks are never skipped all the same."""
    reasons: dict[str, str] = {}
    for stage in job.stages:
        reason = _reason(stage, reasons) if stage.spec.skip is Skip.EXISTS else None
        if reason is not None:
            reasons[stage.name] = reason
    return reasons


def is_listable(pattern: str) -> bool:
    """Return True for a pattern below the working directory whose files a task can list by itself."""
    path = PurePosixPath(pattern)
    return not (path.is_absolute() or ".." in path.parts or _NOT_LISTABLE.search(pattern))


def _reason(stage: BoundStage, never: Mapping[str, str]) -> str | None:
    for name in stage.spec.waits_for:
        earlier = stage.job.stage(name).spec
        if earlier.skip is not Skip.EXISTS:
            return f"it waits for '{name}', which has no `skip: exists` and so always runs"
        if name in never:
            return f"it waits for '{name}', which is never skipped"
        if _lets_failures_pass(earlier):
            return f"it also runs after tasks of '{name}' that failed, and then lacks their outputs"
    for source in stage.spec.inputs:
        if (source.source or "").startswith(("http://", "https://")):
            return f"it reads {source.source}, whose content is not known before it runs"
    for output in stage.spec.kept_outputs:
        if _TEMPLATE not in output.pattern and not is_listable(output.pattern):
            return f"the files of the output '{output.pattern}' cannot be listed by the task"
    return None


def _lets_failures_pass(stage: Stage) -> bool:
    return stage.on_failure is OnFailure.CONTINUE or ExitAction.CONTINUE in stage.exit_codes.values()
