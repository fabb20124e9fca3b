"""Tasks that run in containers.

Source: Batch REST, Task - Create, TaskContainerSettings (2025-06-01).
"""

from typing import Any

from shoal.jobs.binding.bound_job import BoundStage, TaskField
from shoal.jobs.file.task_spec import WorkingDirectory

WORDS = {WorkingDirectory.TASK: "taskWorkingDirectory", WorkingDirectory.IMAGE: "containerImageDefault"}


def container_settings(stage: BoundStage) -> TaskField:
    container = stage.spec.container
    if container is None:
        return TaskField()
    settings: dict[str, Any] = {"imageName": container.image, "workingDirectory": WORDS[container.working_directory]}
    if container.run_options:
        settings["containerRunOptions"] = container.run_options
    return TaskField(value=settings)
