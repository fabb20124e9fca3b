"""Sizes of the local files that tasks read, by the addresses in their bodies."""

from urllib.parse import unquote

from shoal.jobs.binding.bound_job import BoundStage
from shoal.jobs.tasks.task_bodies import TaskBody


class InputSizes:
    """The most bytes of local files that a task of a stage reads."""

    def __init__(self, stage: BoundStage) -> None:
        environment = stage.job.environment
        self._sizes = stage.job.files.sizes
        self._prefix = f"{environment.blob_endpoint}/{environment.containers.inputs}/"
        self._has_files = any(source.source is not None for source in stage.spec.inputs)
        self._counted: object = None
        self.most = 0

    def add(self, task: TaskBody) -> None:
        if not self._has_files:
            return
        files: list[dict[str, str]] = task["resourceFiles"]
        if files is not self._counted:  # tasks whose inputs do not vary share one list
            self._counted = files
            self.most = max(self.most, sum(self._size(file.get("httpUrl", "")) for file in files))

    def _size(self, address: str) -> int:
        return self._sizes.get(unquote(address.removeprefix(self._prefix).split("?")[0]), 0)
