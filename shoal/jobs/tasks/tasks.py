"""One Batch task for each point of a stage, streamed. Bodies are plain dicts in Batch's wire form."""

from collections.abc import Iterator
from typing import Any

from shoal.errors import BadInput
from shoal.jobs.file import templates
from shoal.jobs.file.templates import Names
from shoal.jobs.sweep.identity import task_id
from shoal.jobs.sweep.sweep import points
from shoal.jobs.tasks.command_line import command_line
from shoal.jobs.tasks.conditions import conditions
from shoal.jobs.tasks.inputs import resource_files
from shoal.jobs.tasks.outputs import output_files
from shoal.jobs.tasks.rendering import Field, Rendering, as_text, environment_settings
from shoal.jobs.tasks.stage_dependencies import wait_for, with_barrier

TaskBody = dict[str, Any]


def all_tasks(rendering: Rendering) -> Iterator[TaskBody]:
    for index in range(len(rendering.job_file.spec.stages)):
        yield from stage_tasks(rendering, index)


def stage_tasks(rendering: Rendering, index: int) -> Iterator[TaskBody]:
    """A stage's tasks, followed by the barrier where later stages wait for one."""
    name = rendering.stage(index).name
    tasks = _own_tasks(rendering, index)
    return with_barrier(tasks, name) if wait_for(rendering.job_file, name).barrier else tasks


def _own_tasks(rendering: Rendering, index: int) -> Iterator[TaskBody]:
    stage = rendering.stage(index)
    fields = _fields(rendering, index)
    common = {field.name: field.value for field in fields if field.make is None}
    made = [(field.name, field.make) for field in fields if field.make is not None]
    base = {**rendering.job_file.names, "stage": stage.name}
    for point in points(rendering.job_file, index):
        task = stage.name if stage.for_each is None else task_id(stage.name, point)
        names = {**base, **point, "task": task}
        yield {"id": task, **{name: make(names) for name, make in made}, **common}


def _fields(rendering: Rendering, index: int) -> list[Field]:
    return [
        command_line(rendering, index),
        resource_files(rendering, index),
        output_files(rendering, index),
        _environment(rendering, index),
        _slots(rendering, index),
        *_packages(rendering, index),
        *conditions(rendering.job_file, index),
    ]


def _environment(rendering: Rendering, index: int) -> Field:
    job_file = rendering.job_file
    variables = {
        name: templates.text(as_text(value), job_file.place("stages", index, "environment", name))
        for name, value in rendering.stage(index).environment.items()
    }

    def make(names: Names) -> list[dict[str, str]]:
        return environment_settings({name: variable.render(names) for name, variable in variables.items()})

    if all(variable.constant is not None for variable in variables.values()):
        return Field(name="environmentSettings", value=make({}))
    return Field(name="environmentSettings", make=make)


def _slots(rendering: Rendering, index: int) -> Field:
    slots = rendering.stage(index).slots
    if isinstance(slots, int):
        return Field(name="requiredSlots", value=slots)
    place = rendering.job_file.place("stages", index, "slots")
    expression = templates.value(slots, place)

    def make(names: Names) -> int:
        found = expression.evaluate(names)
        if not isinstance(found, int | float) or found < 1 or found != int(found):
            raise BadInput(f"{place.at(1)}: slots must be a whole number from 1; task {names['task']} has {found!r}")
        return int(found)

    return Field(name="requiredSlots", make=make)


def _packages(rendering: Rendering, index: int) -> list[Field]:
    packages = rendering.packages(index).values()
    references = [{"applicationId": package.application, "version": package.version} for package in packages]
    return [Field(name="applicationPackageReferences", value=references)] if references else []
