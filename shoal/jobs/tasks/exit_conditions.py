"""The effects of a task's end on the tasks that depend on it and on its job, by its exit code.

Source: Batch REST, ExitConditions: an exact code comes before a range, `default` is for every other failure. A job
action is allowed only in a job that performs them, and there it is `terminate` where none is named.
"""

from typing import Any

from shoal.jobs.binding.bound_job import BoundStage, TaskField
from shoal.jobs.file.spec import Spec
from shoal.jobs.file.task_spec import ExitAction, OnFailure

_JOB_ACTIONS = {ExitAction.STOP: "terminate", ExitAction.DISABLE: "disable"}

_DEFAULTS = {
    OnFailure.BLOCK: ExitAction.BLOCK,
    OnFailure.CONTINUE: ExitAction.CONTINUE,
    OnFailure.STOP: ExitAction.STOP,
    OnFailure.END: ExitAction.BLOCK,  # the job is ended by whoever watches it
}


def exit_conditions(stage: BoundStage) -> TaskField:
    acts_on_job = acts_on_jobs(stage.job.job_file.spec)
    codes, ranges = [], []
    for key, action in stage.spec.exit_codes.items():
        first, _, last = key.partition("-")
        options = {"exitOptions": _options(action, acts_on_job=acts_on_job)}
        if last:
            ranges.append({"start": int(first), "end": int(last), **options})
        else:
            codes.append({"code": int(first), **options})
    conditions: dict[str, Any] = {"exitCodes": codes, "exitCodeRanges": ranges}
    default = _DEFAULTS[stage.spec.on_failure]
    if acts_on_job or default is not ExitAction.BLOCK:  # which is Batch's own default
        conditions["default"] = _options(default, acts_on_job=acts_on_job)
    return TaskField(value={name: value for name, value in conditions.items() if value} or None)


def acts_on_jobs(spec: Spec) -> bool:
    """Return True where the end of a task may end or disable its job."""
    actions = {action for stage in spec.stages for action in (stage.on_failure, *stage.exit_codes.values())}
    return not actions.isdisjoint(_JOB_ACTIONS)


def ends_when_stuck(spec: Spec) -> bool:
    """Return True where whoever watches the job ends it once none of its tasks can run any more."""
    return any(stage.on_failure is OnFailure.END for stage in spec.stages)


def _options(action: ExitAction, *, acts_on_job: bool) -> dict[str, str]:
    dependency = "satisfy" if action is ExitAction.CONTINUE else "block"
    job_action = {"jobAction": _JOB_ACTIONS.get(action, "none")} if acts_on_job else {}
    return {"dependencyAction": dependency, **job_action}
