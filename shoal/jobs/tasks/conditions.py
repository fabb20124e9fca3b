"""When a task starts, how often it is tried, how long it may take, and what its failure does."""

from datetime import timedelta
from typing import Any

from shoal.jobs.file.job_file import JobFile
from shoal.jobs.file.spec import OnFailure, Spec
from shoal.jobs.tasks.rendering import Field
from shoal.jobs.tasks.stage_dependencies import wait_for


def conditions(job_file: JobFile, index: int) -> list[Field]:
    spec, stage = job_file.spec, job_file.spec.stages[index]
    fields = {
        "constraints": constraints(spec.job.retries if stage.retries is None else stage.retries, stage.max_time),
        "exitConditions": _exit_conditions(stage.on_failure, in_job_that_stops=stops_on_failure(spec)),
    }
    if parents := [task for name in stage.after for task in wait_for(job_file, name).tasks_for(stage)]:
        fields["dependsOn"] = {"taskIds": parents}
    return [Field(name=name, value=value) for name, value in fields.items() if value]


def constraints(retries: int, max_time: timedelta | None) -> dict[str, Any]:
    limit = {} if max_time is None else {"maxWallClockTime": f"PT{max_time.total_seconds():.0f}S"}
    return {"maxTaskRetryCount": retries, **limit}


def stops_on_failure(spec: Spec) -> bool:
    return any(stage.on_failure is OnFailure.STOP for stage in spec.stages)


def _exit_conditions(on_failure: OnFailure, *, in_job_that_stops: bool) -> dict[str, Any]:
    """Source: Batch REST, ExitConditions: `default` is for every failure. A job action is allowed only in a job that
    performs them, and there it is `terminate` where none is named."""
    no_action = {"jobAction": "none"} if in_job_that_stops else {}
    match on_failure:
        case OnFailure.STOP:
            return {"default": {"jobAction": "terminate", "dependencyAction": "block"}}
        case OnFailure.CONTINUE:
            return {"default": {"dependencyAction": "satisfy", **no_action}}
        case OnFailure.BLOCK:
            return {"default": {"dependencyAction": "block", **no_action}} if no_action else {}
