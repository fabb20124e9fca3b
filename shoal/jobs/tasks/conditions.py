"""When a task starts, how often it is tried, how long it may take, and what its failure does."""

from datetime import timedelta
from typing import Any

from shoal.jobs.binding.bound_job import BoundStage, TaskField
from shoal.jobs.file.spec import OnFailure, Spec
from shoal.jobs.tasks.stage_dependencies import parents


def task_constraints(stage: BoundStage) -> TaskField:
    own, of_job = stage.spec, stage.job.job_file.spec.job
    return TaskField(value=constraints(of_job.retries if own.retries is None else own.retries, own.max_time))


def constraints(retries: int, max_time: timedelta | None) -> dict[str, Any]:
    limit = {} if max_time is None else {"maxWallClockTime": f"PT{max_time.total_seconds():.0f}S"}
    return {"maxTaskRetryCount": retries, **limit}


def stops_on_failure(spec: Spec) -> bool:
    return any(stage.on_failure is OnFailure.STOP for stage in spec.stages)


def exit_conditions(stage: BoundStage) -> TaskField:
    """Source: Batch REST, ExitConditions: `default` is for every failure. A job action is allowed only in a job that
    performs them, and there it is `terminate` where none is named."""
    no_action = {"jobAction": "none"} if stops_on_failure(stage.job.job_file.spec) else {}
    match stage.spec.on_failure:
        case OnFailure.STOP:
            return TaskField(value={"default": {"jobAction": "terminate", "dependencyAction": "block"}})
        case OnFailure.CONTINUE:
            return TaskField(value={"default": {"dependencyAction": "satisfy", **no_action}})
        case OnFailure.BLOCK:
            return TaskField(value={"default": {"dependencyAction": "block", **no_action}} if no_action else None)


def depends_on(stage: BoundStage) -> TaskField:
    task_ids = parents(stage)
    return TaskField(value={"taskIds": task_ids} if task_ids else None)
