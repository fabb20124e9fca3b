"""Files that tasks read: files from beside the job file, addresses, blobs, and what earlier stages wrote.

Source: Batch REST, ResourceFile: `httpUrl` for one file, `storageContainerUrl` for the blobs below a prefix, which keep
their whole paths; `filePath` is relative to the working directory, which `..` may not leave.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from shoal.jobs.binding.bound_job import BoundJob, BoundStage, Maker, TaskField
from shoal.jobs.file import templates
from shoal.jobs.file.mistakes import made_by_all
from shoal.jobs.file.task_spec import Input
from shoal.jobs.file.templates import Names, Place, TextTemplate
from shoal.jobs.tasks.task_groups import tasks_before


@dataclass(frozen=True, slots=True, kw_only=True)
class _Resource:
    make: Maker
    is_constant: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _CompiledInput:
    """An input with its templates compiled."""

    spec: Input
    source: TextTemplate
    """The rendered path, address or prefix."""
    to: TextTemplate
    place: Place
    job: BoundJob


def resource_files(stage: BoundStage) -> TaskField:
    resources = made_by_all([partial(_resource, number=number) for number in range(len(stage.spec.inputs))], stage)

    makers = [resource.make for resource in resources]

    def make(names: Names) -> list[dict[str, Any]]:
        return [file for files in made_by_all(makers, names) for file in files]

    return stage.field(make, is_constant=all(resource.is_constant for resource in resources))


def _resource(stage: BoundStage, number: int) -> _Resource:
    spec, place = stage.spec.inputs[number], stage.place("inputs", number)
    compiled = _CompiledInput(
        spec=spec,
        source=templates.text(spec.source or spec.blob or spec.blobs or spec.file or "", place),
        to=templates.text(spec.to or "", place),
        place=place,
        job=stage.job,
    )
    if spec.file is None and (dependency := stage.spec.waits_for_part_of(spec.stage)):
        return _Resource(make=partial(_from_tasks, compiled, tasks_before(stage, dependency)), is_constant=False)
    make = _maker(spec)
    is_constant = compiled.source.constant is not None and compiled.to.constant is not None
    return _Resource(make=lambda names: [make(compiled, names)], is_constant=is_constant)


def _maker(spec: Input) -> Callable[[_CompiledInput, Names], dict[str, Any]]:
    if spec.source is not None:
        return _from_file
    if spec.file is not None:
        return _from_output
    return _from_prefix if spec.blob is None else _from_blob


def _from_file(compiled: _CompiledInput, names: Names) -> dict[str, Any]:
    address, job = compiled.source.render(names), compiled.job
    if address.startswith(("http://", "https://")):
        target, path = {"url": address}, _name_in(address, compiled.place)
    else:
        blob = job.files.blob(address, compiled.place)
        target, path = job.access.address(job.environment.containers.inputs, blob), _place_of(address)
    path = compiled.to.render(names) or path
    return {"httpUrl": target.pop("url"), **target, "filePath": _below(path, compiled.place), **_mode(compiled.spec)}


def _from_blob(compiled: _CompiledInput, names: Names) -> dict[str, Any]:
    container = compiled.spec.container or compiled.job.environment.containers.inputs
    return _one_blob(compiled, names, container, folder="")


def _from_output(compiled: _CompiledInput, names: Names) -> dict[str, Any]:
    job = compiled.job
    return _one_blob(compiled, names, job.environment.containers.outputs, f"{job.folder}/{compiled.spec.stage}/")


def _one_blob(compiled: _CompiledInput, names: Names, container: str, folder: str) -> dict[str, Any]:
    """Return a blob, which lands under its name below the folder."""
    name, place = compiled.source.render(names), compiled.place
    target = compiled.job.access.address(container, folder + name)
    path = _below(compiled.to.render(names) or name, place)
    return {"httpUrl": target.pop("url"), **target, "filePath": path, **_mode(compiled.spec)}


def _name_in(address: str, place: Place) -> str:
    try:
        return PurePosixPath(urlsplit(address).path).name
    except ValueError as exc:
        raise place.mistake(f"'{address}' is not an address: {exc}") from exc


def _place_of(file: str) -> str:
    """Return the path of a local file as commands name it, or its name where that path leads elsewhere."""
    path = PurePosixPath(file)
    return path.name if path.is_absolute() or ".." in path.parts else str(path)


def _from_prefix(compiled: _CompiledInput, names: Names) -> dict[str, Any]:
    """Return all outputs of a stage, or the blobs below a prefix."""
    spec, containers = compiled.spec, compiled.job.environment.containers
    if spec.stage is not None:
        return _below_prefix(compiled, names, containers.outputs, f"{compiled.job.folder}/{spec.stage}/")
    return _below_prefix(compiled, names, spec.container or containers.inputs, compiled.source.render(names))


def _from_tasks(compiled: _CompiledInput, tasks_of: Callable[[Names], list[str]], names: Names) -> list[dict[str, Any]]:
    """Return the outputs of those tasks of an earlier stage that the task waits for."""
    container, folder = compiled.job.environment.containers.outputs, f"{compiled.job.folder}/{compiled.spec.stage}"
    return [_below_prefix(compiled, names, container, f"{folder}/{task}/") for task in tasks_of(names)]


def _below_prefix(compiled: _CompiledInput, names: Names, container: str, prefix: str) -> dict[str, Any]:
    spec = compiled.spec
    target = compiled.job.access.address(container)
    directory = {"filePath": _below(compiled.to.render(names), compiled.place)} if spec.to else {}
    return {"storageContainerUrl": target.pop("url"), **target, "blobPrefix": prefix, **directory, **_mode(spec)}


def _mode(spec: Input) -> dict[str, str]:
    return {"fileMode": spec.mode} if spec.mode else {}


def _below(path: str, place: Place) -> str:
    if not path or path.startswith("/") or ".." in PurePosixPath(path).parts:
        raise place.mistake(f"an input lands below the working directory; '{path}' does not say where")
    return path
