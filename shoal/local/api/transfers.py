"""Checks the resource files of a task. Source: REST reference, ResourceFile."""

import re
from typing import Any

from shoal.local import errors

SOURCES = ("autoStorageContainerName", "storageContainerUrl", "httpUrl")
FILE_MODE = re.compile("[0-7]{1,4}")


def check_resource_files(body: dict[str, Any], path: str = "", name: str = "resourceFiles") -> None:
    """`path` is that of `body` in the request, with a dot at its end. Raises BatchError."""
    for position, resource_file in enumerate(body.get(name, ())):
        _check(resource_file, f"{path}{name}[{position}]")


def _check(resource_file: dict[str, Any], path: str) -> None:
    named = [source for source in SOURCES if source in resource_file]
    if len(named) != 1:
        raise errors.invalid_property(path, named, f"exactly one of {', '.join(SOURCES)} is expected")
    if named == ["httpUrl"]:
        if not resource_file.get("filePath"):
            raise errors.missing_property(f"{path}.filePath")
        if "blobPrefix" in resource_file:
            raise errors.invalid_property(f"{path}.blobPrefix", resource_file["blobPrefix"], "it needs a container")
    mode = resource_file.get("fileMode", "0770")
    if not FILE_MODE.fullmatch(mode):
        raise errors.invalid_property(f"{path}.fileMode", mode, "octal digits such as 0770 are expected")
