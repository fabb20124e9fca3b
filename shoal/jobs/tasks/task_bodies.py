"""Batch tasks, one for each point of a stage, streamed. Bodies are plain dicts in Batch's wire form."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from shoal.errors import BadInput
from shoal.jobs.binding.bound_job import BoundJob, BoundStage, TaskField
from shoal.jobs.file import templates
from shoal.jobs.file.document import as_text
from shoal.jobs.file.mistakes import MistakeList, made_by_all
from shoal.jobs.file.templates import Names
from shoal.jobs.file.values import MAX_INTEGER, Scalar
from shoal.jobs.sweep.identity import task_id
from shoal.jobs.sweep.sweep import points
from shoal.jobs.tasks.command_line import command_line
from shoal.jobs.tasks.container import container_settings
from shoal.jobs.tasks.exit_conditions import exit_conditions
from shoal.jobs.tasks.multi_instance import multi_instance_settings
from shoal.jobs.tasks.stage_dependencies import depends_on, needs_barrier, with_barrier
from shoal.jobs.tasks.task_inputs import resource_files
from shoal.jobs.tasks.task_outputs import output_files

TaskBody = dict[str, Any]


def all_tasks(job: BoundJob) -> Iterator[TaskBody]:
    """Stream the tasks of every stage but the deferred ones.

    Raises BadInput for mistakes; `make_plan` finds all of them beforehand.
    """
    job.refuse_mistakes()
    for stage in job.ready_stages:
        yield from stage_tasks(stage)


def stage_tasks(stage: BoundStage) -> Iterator[TaskBody]:
    """Return a stage's tasks, followed by its barriers where later stages need them."""
    tasks = _own_tasks(stage, _fields(stage))
    if not needs_barrier(stage):
        return tasks
    # Batch has no task without a container in a pool for containers.
    container = container_settings(stage).value
    return with_barrier(tasks, stage.name, common={"containerSettings": container} if container else {})


def _fields(stage: BoundStage) -> dict[str, TaskField]:
    """Compile the fields. Raises the mistakes of all of them, of the sweep, and of the stage's first task."""
    mistakes, fields = MistakeList(), {}
    for name, make in FIELDS.items():
        with mistakes.collecting(stage.line()):
            fields[name] = make(stage)
    if mistakes:
        with mistakes.collecting(stage.line("for_each")):
            # With the fields that are left, to find the mistakes of the sweep and of the first task, too.
            next(_own_tasks(stage, fields), None)
    mistakes.refuse()
    return fields


def _own_tasks(stage: BoundStage, fields: Mapping[str, TaskField]) -> Iterator[TaskBody]:
    common = {name: made.value for name, made in fields.items() if made.make is None and made.value is not None}
    varying = [(name, made.make) for name, made in fields.items() if made.make is not None]
    base, swept = stage.names, stage.spec.is_swept
    for point in points(stage):
        task = task_id(stage.name, point) if swept else stage.name
        names = {**base, **point, "task": task}
        try:
            body = {"id": task, **{name: make(names) for name, make in varying}, **common}
        except BadInput:
            made_by_all([make for _, make in varying], names)  # raises the mistakes of all fields
            raise
        yield body


def environment_settings(variables: Mapping[str, Scalar]) -> list[dict[str, str]]:
    return [{"name": name, "value": as_text(value)} for name, value in variables.items()]


def _environment(stage: BoundStage) -> TaskField:
    variables = [
        (name, templates.text(as_text(value), stage.place("environment", name)))
        for name, value in stage.spec.environment.items()
    ]

    def make(names: Names) -> list[dict[str, str]]:
        try:
            return [{"name": name, "value": variable.render(names)} for name, variable in variables]
        except BadInput:
            made_by_all([variable.render for _, variable in variables], names)  # raises the mistakes of all
            raise

    return stage.field(make, is_constant=all(variable.constant is not None for _, variable in variables))


def _slots(stage: BoundStage) -> TaskField:
    slots = stage.spec.slots
    if isinstance(slots, int):
        return TaskField(value=slots)
    place = stage.place("slots")
    expression = templates.value(slots, place)

    def make(names: Names) -> int:
        number = expression.evaluate(names)
        # The upper end comes first: infinity has no integer.
        if not isinstance(number, int | float) or not 1 <= number <= MAX_INTEGER or number != int(number):
            raise place.mistake(f"slots must be a whole number from 1; task {names['task']} has {number!r}")
        return int(number)

    return TaskField(make=make)


def _packages(stage: BoundStage) -> TaskField:
    stage.refuse_unknown_packages()
    packages = stage.packages.values()
    references = [{"applicationId": package.application, "version": package.version} for package in packages]
    return TaskField(value=references or None)


def _constraints(stage: BoundStage) -> TaskField:
    own, of_job = stage.spec, stage.job.job_file.spec.job
    return TaskField(value=constraints(of_job.retries if own.retries is None else own.retries, own.max_time))


def constraints(retries: int, max_time: timedelta | None) -> dict[str, Any]:
    limit = {} if max_time is None else {"maxWallClockTime": f"PT{max_time.total_seconds():.0f}S"}
    return {"maxTaskRetryCount": retries, **limit}


FIELDS: Mapping[str, Callable[[BoundStage], TaskField]] = {
    "commandLine": command_line,
    "resourceFiles": resource_files,
    "outputFiles": output_files,
    "environmentSettings": _environment,
    "requiredSlots": _slots,
    "containerSettings": container_settings,
    "multiInstanceSettings": multi_instance_settings,
    "applicationPackageReferences": _packages,
    "constraints": _constraints,
    "exitConditions": exit_conditions,
    "dependsOn": depends_on,
}
"""The properties of a task, and what makes each of them."""
