"""What is kept of a task: outputs as JOB/STAGE/TASK/…, what it printed as JOB/TASK/…

Source: Batch REST, OutputFile: with a wildcard in the pattern the path is a directory, else it is the blob's name.
"""

from typing import Any

from shoal.jobs.file import templates
from shoal.jobs.file.spec import Logs
from shoal.jobs.file.templates import Names, Text
from shoal.jobs.tasks.rendering import Field, Maker, Rendering

PRINTED = "../std*.txt"


def output_files(rendering: Rendering, index: int) -> Field:
    makers = [*_outputs(rendering, index), *_logs(rendering, index)]

    def make(names: Names) -> list[dict[str, Any]]:
        return [make(names) for make in makers]

    return Field(name="outputFiles", make=make) if makers else Field(name="outputFiles", value=[])


def _outputs(rendering: Rendering, index: int) -> list[Maker]:
    stage, job_file = rendering.stage(index), rendering.job_file
    container = rendering.environment.containers.outputs
    return [
        _kept(
            templates.text(output.pattern, job_file.place("stages", index, "outputs", number, "pattern")),
            rendering.access.address(container),
            folder=f"{job_file.job_id}/{stage.name}/",
            condition=f"task{output.when.value}",
        )
        for number, output in enumerate(stage.outputs)
    ]


def _logs(rendering: Rendering, index: int) -> list[Maker]:
    logs = rendering.stage(index).logs
    if logs is Logs.NEVER:
        return []
    address = rendering.access.address(rendering.environment.containers.logs)
    pattern = Text(constant=PRINTED, render=lambda _: PRINTED)
    return [_kept(pattern, address, folder=f"{rendering.job_file.job_id}/", condition=f"task{logs.value}")]


def _kept(pattern: Text, address: dict[str, Any], *, folder: str, condition: str) -> Maker:
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
