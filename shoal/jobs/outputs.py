"""What is kept of a task: outputs as JOB/STAGE/TASK/…, what it printed as JOB/TASK/…"""

from typing import Any

from shoal.jobs.rendering import Field, Maker, Rendering
from shoal.jobs.spec import Logs
from shoal.jobs.templates import Names


def output_files(rendering: Rendering, index: int) -> Field:
    stage, job = rendering.stage(index), rendering.job_file.job_id
    containers = rendering.environment.containers
    kept = [(output.pattern, containers.outputs, f"{job}/{stage.name}/", output.when.value) for output in stage.outputs]
    if stage.logs is not Logs.NEVER:
        kept.append(("../std*.txt", containers.logs, f"{job}/", stage.logs.value))
    makers = [
        _output_file(pattern, rendering.access.address(container), folder, f"task{when}")
        for pattern, container, folder, when in kept
    ]

    def make(names: Names) -> list[dict[str, Any]]:
        return [make(names) for make in makers]

    return Field(name="outputFiles", make=make) if makers else Field(name="outputFiles", value=[])


def _output_file(pattern: str, address: dict[str, Any], folder: str, condition: str) -> Maker:
    """Source: Batch REST, OutputFile: with a wildcard in the pattern the path is a directory, else the blob's name."""
    container = {"containerUrl": address.pop("url"), **address}
    options = {"uploadCondition": condition}
    name = "" if any(char in pattern for char in "*?[") else "/" + pattern.rsplit("/", 1)[-1]

    def make(names: Names) -> dict[str, Any]:
        destination = {"container": {**container, "path": f"{folder}{names['task']}{name}"}}
        return {"filePattern": pattern, "destination": destination, "uploadOptions": options}

    return make
