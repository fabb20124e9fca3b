"""Differences between a job file and the run that was submitted under its job's id."""

import re
from collections.abc import Sequence, Set
from dataclasses import replace
from enum import StrEnum

from shoal.errors import BadInput
from shoal.jobs.binding.bound_job import BoundJob, BoundStage
from shoal.jobs.run_record import RunRecord, StageContent, stage_content, task_hash
from shoal.jobs.tasks.stage_dependencies import barrier_id
from shoal.jobs.tasks.task_bodies import stage_tasks

JOB_DIFFERS = "job: its own keys (environment, priority, retries, max_time, on_failure, …) differ"
NOT_IN_FILE = "is not in the file any more"
_USES_RUN = re.compile(r"\{\{[^}]*\brun\b")


class OnChange(StrEnum):
    """The choice for a job that was submitted with another definition."""

    REFUSE = "refuse"
    REPLACE = "replace"
    """Replace the tasks that have not begun; the others keep their definition."""
    KEEP = "keep"
    """Keep every task that is there, and add those that are missing."""


def differing_stages(then: RunRecord, now: RunRecord) -> list[str]:
    """Return the stages of either record that do not have the same content in both."""
    names = dict.fromkeys([*now.stages, *then.stages])
    return [name for name in names if then.stages.get(name) != now.stages.get(name)]


def changed_stages(job: BoundJob, then: RunRecord, now: RunRecord, present: Set[str]) -> list[str]:
    """Return the stages whose submitted tasks have another content now. Further points and stages are no change.

    `present` holds the ids of the tasks in the job.
    """
    stages = {stage.name: stage for stage in job.stages}
    return [
        name
        for name in differing_stages(then, now)
        if name in then.stages and (name not in stages or _common(stages[name], present) != then.stages[name])
    ]


def kept_stages(
    job: BoundJob, then: RunRecord, now: RunRecord, changed: Sequence[str], present: Set[str]
) -> dict[str, StageContent]:
    """Return the contents to record where changed stages are kept and what is missing is added.

    A changed stage keeps the hash of its tasks, so that the next submission asks again, and gets their number.
    """
    planned = {stage.name: {task["id"] for task in stage_tasks(stage)} for stage in job.ready_stages}
    stages = {**then.stages, **now.stages}
    for name in changed:
        others = {task for other, tasks in planned.items() if other != name for task in tasks}
        there = {task for task in present - others if is_of_stage(task, name)}
        stages[name] = replace(then.stages[name], tasks=len(there | planned.get(name, set())))
    return stages


def is_of_stage(task_id: str, stage: str) -> bool:
    """Return True for a task of the stage, or of one whose name begins with its name."""
    barrier = barrier_id(stage)
    return task_id in (stage, barrier) or task_id.startswith((f"{stage}-", f"{barrier}_"))


def change_message(job: BoundJob, changed: Sequence[str], then: RunRecord, now: RunRecord, *, ended: bool) -> str:
    """Name what differs, and the choices."""
    job_id = job.job_file.job_id
    parts = [f"  stage {name}: {_difference(name, now)}" for name in changed]
    if then.job_digest != now.job_digest:
        parts.insert(0, f"  {JOB_DIFFERS}")
    choices = [f"  another run: --job ID, -p run=NAME, or first `shoal rm {job_id}`"]
    if not ended:
        choices.append("  --changed replace: replace the tasks that have not begun; the others stay as they are")
    choices.append("  --changed keep: leave every task as it is, and add only missing ones")
    choices += run_name_choice(job, then, now)
    return "\n".join(
        [f"job '{job_id}' was submitted with another definition:", *parts, "Nothing was changed. Choose one:", *choices]
    )


def run_name_choice(job: BoundJob, then: RunRecord, now: RunRecord) -> list[str]:
    """Return the choice to keep the name of the run, where templates use it."""
    if then.run_name == now.run_name or not _USES_RUN.search(repr(job.job_file.spec.stages)):
        return []
    return [f"  if only {{{{ run }}}} differs in its templates: -p run={then.run_name}"]


def refuse_replacement(job_id: str, then: RunRecord, now: RunRecord, *, ended: bool) -> None:
    """Raise BadInput where replacing tasks cannot make the job what the file says."""
    reason = "has ended, and takes no more tasks" if ended else ""
    if then.job_digest != now.job_digest:
        reason = "was submitted with other keys of its own, which cannot be replaced"
    if reason:
        raise BadInput(f"job '{job_id}' {reason}; submit another run with --job ID or -p run=NAME, or --changed keep")


def _common(stage: BoundStage, present: Set[str]) -> StageContent:
    """Return the content, as it is now, of those of the stage's tasks that are in the job."""
    endpoint = stage.job.environment.blob_endpoint
    hashes = [task_hash(task, endpoint) for task in stage_tasks(stage) if task["id"] in present]
    return stage_content(len(hashes), sum(hashes))


def _difference(name: str, now: RunRecord) -> str:
    if name not in now.stages:
        return NOT_IN_FILE
    return "its tasks differ (command, inputs, outputs, environment, packages, slots, limits, or fewer points)"
