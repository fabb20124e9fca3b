"""The tasks of a job itself: its preparation on each node, and its release.

Source: Batch REST, Job - Create, JobPreparationTask and JobReleaseTask (2025-06-01): neither has packages or outputs.
"""

from typing import Any

from shoal.jobs.binding.bound_job import BoundJob, BoundStage
from shoal.jobs.file.mistakes import MistakeList
from shoal.jobs.tasks.task_bodies import FIELDS, constraints

OWN_FIELDS = ("commandLine", "resourceFiles", "environmentSettings")
PROPERTIES = {"preparation": "jobPreparationTask", "release": "jobReleaseTask"}
"""The properties of a job in Batch, by the keys of `job`."""
RESERVED_IDS = ("jobpreparation", "jobrelease")

Body = dict[str, Any]


def job_tasks(job: BoundJob) -> dict[str, Body]:
    """Return these tasks by the names of their properties in Batch. Raises BadInput with all of their mistakes."""
    mistakes, bodies = MistakeList(), {}
    for stage in job.stages if job.own_tasks else ():
        with mistakes.collecting(stage.line()):
            _refuse_same_id(stage)
    for key, task in job.own_tasks.items():
        with mistakes.collecting(task.line()):
            bodies[key] = _body(task)
    mistakes.refuse()
    spec, properties = job.job_file.spec.job, {}
    if spec.preparation is not None:
        properties["jobPreparationTask"] = {
            **bodies["preparation"],
            "constraints": constraints(spec.preparation.retries, spec.preparation.max_time),
            "waitForSuccess": spec.preparation.wait_for_success,
            "rerunOnNodeRebootAfterSuccess": spec.preparation.rerun_after_reboot,
        }
    if spec.release is not None:
        limit = f"PT{spec.release.max_time.total_seconds():.0f}S"
        properties["jobReleaseTask"] = {**bodies["release"], "maxWallClockTime": limit}
    return properties


def _refuse_same_id(stage: BoundStage) -> None:
    """Source: Batch REST, error codes: TaskIdSameAsJobPreparationTask, TaskIdSameAsJobReleaseTask."""
    if stage.name.lower() in RESERVED_IDS:
        raise stage.mistake(f"'{stage.name}' is the id of one of the job's own tasks; choose another name", "name")


def _body(task: BoundStage) -> Body:
    mistakes, body = MistakeList(), {}
    for name in OWN_FIELDS:
        with mistakes.collecting(task.line()):
            field = FIELDS[name](task)
            body[name] = field.value if field.make is None else field.make(task.job.job_file.names)
    mistakes.refuse()
    if "\0" in body["commandLine"]:
        raise task.mistake("the command has a null byte", "command")
    return body
