"""Tasks that run on several nodes at once.

Source: Batch REST, Task - Create, MultiInstanceSettings (2025-06-01); "Use multi-instance tasks to run MPI applications
in Batch": the coordination command runs on every node, the task's own command on the first one once all have ended.
"""

import shlex
from typing import Any

from shoal.jobs.binding.bound_job import BoundStage, TaskField
from shoal.jobs.file import templates
from shoal.jobs.file.document import as_text
from shoal.jobs.file.task_spec import Command
from shoal.jobs.file.templates import Names, TextTemplate


def multi_instance_settings(stage: BoundStage) -> TaskField:
    instances, command = stage.spec.instances, stage.spec.coordination
    if instances is None or command is None:
        return TaskField()
    line = _line(stage, command)

    def make(names: Names) -> dict[str, Any]:
        return {"numberOfInstances": instances, "coordinationCommandLine": line.render(names)}

    return stage.field(make, is_constant=line.constant is not None)


def _line(stage: BoundStage, command: Command) -> TextTemplate:
    place = stage.place("coordination")
    if isinstance(command, str):
        text = templates.command(command.strip(), place)
        shell = f"/bin/{stage.shell} -c "
        return TextTemplate(constant=text.constant, render=lambda names: shell + shlex.quote(text.render(names)))
    words = [templates.text(as_text(word), place) for word in command]
    constant = "" if all(word.constant is not None for word in words) else None
    return TextTemplate(constant=constant, render=lambda names: shlex.join([word.render(names) for word in words]))
