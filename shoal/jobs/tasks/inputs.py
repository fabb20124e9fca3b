"""What tasks read: files from beside the job file, addresses, blobs, and what earlier stages wrote.

Source: Batch REST, ResourceFile: `httpUrl` for one file, `storageContainerUrl` for the blobs below a prefix, which keep
their whole paths; `filePath` is relative to the working directory, which `..` may not leave.
"""

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from shoal.errors import BadInput
from shoal.jobs.file import templates
from shoal.jobs.file.spec import Input
from shoal.jobs.file.templates import Names, Place, Text
from shoal.jobs.tasks.rendering import Field, Maker, Rendering


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    make: Maker
    is_constant: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Origin:
    """An input with its templates compiled."""

    source: Input
    origin: Text
    to: Text
    place: Place
    rendering: Rendering


def resource_files(rendering: Rendering, index: int) -> Field:
    resources = [_resource(rendering, index, number) for number in range(len(rendering.stage(index).inputs))]

    def make(names: Names) -> list[dict[str, Any]]:
        return [resource.make(names) for resource in resources]

    if all(resource.is_constant for resource in resources):
        return Field(name="resourceFiles", value=make(rendering.job_file.names))
    return Field(name="resourceFiles", make=make)


def _resource(rendering: Rendering, index: int, number: int) -> Resource:
    source = rendering.stage(index).inputs[number]
    place = rendering.job_file.place("stages", index, "inputs", number)
    origin = _Origin(
        source=source,
        origin=templates.text(source.source or source.blobs or "", place),
        to=templates.text(source.to or "", place),
        place=place,
        rendering=rendering,
    )
    is_constant = origin.origin.constant is not None and origin.to.constant is not None
    if source.source is not None:
        return Resource(make=lambda names: _of_file(origin, names), is_constant=is_constant)
    return Resource(make=lambda names: _of_prefix(origin, names), is_constant=is_constant)


def _of_file(origin: _Origin, names: Names) -> dict[str, Any]:
    address, rendering = origin.origin.render(names), origin.rendering
    if urlsplit(address).scheme in ("http", "https"):
        target = {"url": address}
    else:
        blob = rendering.files.blob(address, origin.place)
        target = rendering.access.address(rendering.environment.containers.inputs, blob)
    path = origin.to.render(names) or PurePosixPath(urlsplit(address).path).name
    return {"httpUrl": target.pop("url"), **target, "filePath": _below(path, origin.place), **_mode(origin.source)}


def _of_prefix(origin: _Origin, names: Names) -> dict[str, Any]:
    source, containers = origin.source, origin.rendering.environment.containers
    if source.stage is not None:
        container, prefix = containers.outputs, f"{names['job']}/{source.stage}/"
    else:
        container, prefix = source.container or containers.inputs, origin.origin.render(names)
    target = origin.rendering.access.address(container)
    directory = {"filePath": _below(origin.to.render(names), origin.place)} if source.to else {}
    return {"storageContainerUrl": target.pop("url"), **target, "blobPrefix": prefix, **directory, **_mode(source)}


def _mode(source: Input) -> dict[str, str]:
    return {"fileMode": source.mode} if source.mode else {}


def _below(path: str, place: Place) -> str:
    if not path or path.startswith("/") or ".." in PurePosixPath(path).parts:
        raise BadInput(f"{place.at(1)}: an input lands below the working directory; '{path}' does not say where")
    return path
