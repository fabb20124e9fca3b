"""The command that each node of a pool runs before its first task.

Source: REST reference, StartTask and ResourceFile.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, NotRequired, TypedDict

import pulumi
from pulumi_azure_native import batch
from pydantic import Field

from ..argument_fault import ArgumentFault, Spelling
from ..argument_types import ContainerName, NotEmpty, matching
from .node_storage import NodeStorage

HttpUrl = Annotated[str, matching("https?://.+", "an address that begins with https:// or http://")]
FileMode = Annotated[str, matching("[0-7]{3,4}", "an octal mode such as 0770")]


class ResourceFile(TypedDict):
    """Files that are downloaded to a node before its start task runs."""

    container: NotRequired[ContainerName]
    """Container of the pool's storage account, read with the identity of the nodes."""
    prefix: NotRequired[NotEmpty]
    """Only blobs whose names begin with this; all blobs of the container unless given."""
    http_url: NotRequired[pulumi.Input[HttpUrl]]
    """Address of a file that anybody may read, instead of a container."""
    file_path: NotRequired[NotEmpty]
    """Path below the start task's working directory: of the file for `http_url`, of a directory for a container."""
    file_mode: NotRequired[FileMode]
    """Octal, on Linux; 0770 unless given."""


class PoolStartTask(TypedDict):
    """The command that each node runs before its first task."""

    command_line: pulumi.Input[NotEmpty]
    """Command line. It does not run in a shell; start one if you need it."""
    elevated: NotRequired[bool]
    """Run as administrator, for example to install packages; false unless given."""
    environment: NotRequired[dict[str, pulumi.Input[str]]]
    """Environment variables by name."""
    resource_files: NotRequired[list[ResourceFile]]
    """Files that are downloaded before it runs."""
    max_retry_count: NotRequired[Annotated[int, Field(ge=-1)]]
    """Retries after a failure; -1 for no limit; 1 unless given."""
    wait_for_success: NotRequired[bool]
    """Tasks wait until it has succeeded, and a node where it fails gets none; true unless given."""


def start_task(task: PoolStartTask | None, storage: NodeStorage | None) -> batch.StartTaskArgsDict | None:
    if task is None:
        return None
    elevation = batch.ElevationLevel.ADMIN if task.get("elevated") else batch.ElevationLevel.NON_ADMIN
    declared: batch.StartTaskArgsDict = {
        "command_line": task["command_line"],
        "user_identity": {"auto_user": {"scope": batch.AutoUserScope.POOL, "elevation_level": elevation}},
        "wait_for_success": task.get("wait_for_success", True),
        "max_task_retry_count": task.get("max_retry_count", 1),
    }
    if environment := task.get("environment"):
        declared["environment_settings"] = [{"name": name, "value": environment[name]} for name in environment]
    if files := task.get("resource_files"):
        declared["resource_files"] = [_resource_file(file, storage) for file in files]
    return declared


def faults(pool: Mapping[str, Any], spelling: Spelling) -> Iterator[ArgumentFault]:
    files: Sequence[ResourceFile] = pool.get("start_task", {}).get("resource_files", ())
    for i, file in enumerate(files):
        at = spelling(f"start_task.resource_files[{i}]")
        if ("container" in file) == ("http_url" in file):
            yield ArgumentFault(at=at, text=f"must have either {spelling('container')} or {spelling('http_url')}")
        elif "http_url" in file and "file_path" not in file:
            yield ArgumentFault(
                at=at, text=f"has {spelling('http_url')} but no {spelling('file_path')} to keep it under"
            )
        elif "http_url" in file and "prefix" in file:
            yield ArgumentFault(at=f"{at}.{spelling('prefix')}", text=f"means nothing with {spelling('http_url')}")


def _resource_file(file: ResourceFile, storage: NodeStorage | None) -> batch.ResourceFileArgsDict:
    target: batch.ResourceFileArgsDict = {}
    if "file_path" in file:
        target["file_path"] = file["file_path"]
    if "file_mode" in file:
        target["file_mode"] = file["file_mode"]
    if "http_url" in file:
        return {**target, "http_url": file["http_url"]}
    assert storage is not None  # node_storage.faults
    if "prefix" in file:
        target["blob_prefix"] = file["prefix"]
    url = storage.container_url(file["container"])
    return {**target, "storage_container_url": url, "identity_reference": storage.identity}
