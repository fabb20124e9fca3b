"""What turns a job file into tasks for one environment, and the fields of which a task is made."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from shoal.environment import Environment, Package
from shoal.errors import BadInput
from shoal.jobs.file.job_file import JobFile
from shoal.jobs.file.spec import Scalar, Stage
from shoal.jobs.file.templates import Names
from shoal.jobs.tasks.blob_access import BlobAccess, masked
from shoal.jobs.tasks.local_files import LocalFiles
from shoal.suggestion import suggestion

Maker = Callable[[Names], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One property of a task: the same for every task of its stage, or made for each."""

    name: str
    value: Any = None
    make: Maker | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    job_file: JobFile
    environment: Environment
    access: BlobAccess
    files: LocalFiles

    def stage(self, index: int) -> Stage:
        return self.job_file.spec.stages[index]

    def packages(self, index: int) -> dict[str, Package]:
        """By the names in the job file. Raises BadInput for one that the stack does not have."""
        known = self.environment.packages
        for name in self.stage(index).packages:
            if name not in known:
                where = self.job_file.document.at(["stages", index, "packages"])
                raise BadInput(
                    f"{where}: the stack '{self.environment.stack}' has no package '{name}'; {suggestion(name, known)}"
                )
        return {name: known[name] for name in self.stage(index).packages}


def rendering_for(job_file: JobFile, environment: Environment) -> Rendering:
    """One whose tasks can be shown to anyone: signatures are masked."""
    return Rendering(
        job_file=job_file,
        environment=environment,
        access=masked(environment, containers_used(job_file, environment)),
        files=LocalFiles(job_file.folder),
    )


def containers_used(job_file: JobFile, environment: Environment) -> set[str]:
    own = {source.container for stage in job_file.spec.stages for source in stage.inputs}
    used = environment.containers
    return {used.inputs, used.outputs, used.logs, *filter(None, own)}


def environment_settings(variables: dict[str, Scalar]) -> list[dict[str, str]]:
    return [{"name": name, "value": as_text(value)} for name, value in variables.items()]


def as_text(value: Scalar) -> str:
    """As YAML writes it: true, not True."""
    return str(value).lower() if isinstance(value, bool) else str(value)
