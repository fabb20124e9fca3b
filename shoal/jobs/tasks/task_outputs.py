"""Files kept of a task: outputs as FOLDER/STAGE/TASK/…, stdout and stderr as FOLDER/TASK/…, in the folder of the run.

Source: Batch REST, OutputFile: with a wildcard in the pattern the path is a directory, else it is the blob's name.
"""

from functools import partial
from typing import Any

from shoal.jobs.binding.bound_job import BoundStage, Maker, TaskField
from shoal.jobs.file import templates
from shoal.jobs.file.mistakes import made_by_all
from shoal.jobs.file.task_spec import Logs
from shoal.jobs.file.templates import Names, TextTemplate

PRINTED = "../std*.txt"  # the agent writes them beside the working directory


def output_files(stage: BoundStage) -> TaskField:
    makers = [*_outputs(stage), *_logs(stage)]
    return stage.field(partial(made_by_all, makers), is_constant=not makers)  # each path holds the task's id


def _outputs(stage: BoundStage) -> list[Maker]:
    job = stage.job
    container = job.environment.containers.outputs
    return [
        _kept(
            templates.text(output.pattern, stage.place("outputs", number, "pattern")),
            job.access.address(container),
            folder=f"{job.folder}/{stage.name}/",
            condition=f"task{output.when.value}",
        )
        for number, output in enumerate(stage.spec.outputs)
    ]


def _logs(stage: BoundStage) -> list[Maker]:
    logs, job = stage.spec.logs, stage.job
    if logs is Logs.NEVER:
        return []
    address = job.access.address(job.environment.containers.logs)
    pattern = TextTemplate(constant=PRINTED, render=lambda _: PRINTED)
    return [_kept(pattern, address, folder=f"{job.folder}/", condition=f"task{logs.value}")]


def _kept(pattern: TextTemplate, address: dict[str, Any], *, folder: str, condition: str) -> Maker:
    container = {"containerUrl": address.pop("url"), **address}
    options = {"uploadCondition": condition}
    render = pattern.render

    def make(names: Names) -> dict[str, Any]:
        rendered = render(names)
        path = f"{folder}{names['task']}{_file_name(rendered)}"
        destination = {"container": {**container, "path": path}}
        return {"filePattern": rendered, "destination": destination, "uploadOptions": options}

    return make


def _file_name(pattern: str) -> str:
    return "" if any(char in pattern for char in "*?[") else "/" + pattern.rsplit("/", 1)[-1]
