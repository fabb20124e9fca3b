"""What each node of a pool runs before its first task. Source: REST reference, StartTask and ResourceFile."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_azure_native import batch

from .fault import Fault, Spelling
from .node_storage import NodeStorage


class ResourceFile(TypedDict):
    """Files that a node has before its start task runs."""

    container: NotRequired[str]
    """Of the storage account of the pool, read with the identity of the nodes."""
    prefix: NotRequired[str]
    """Of the container's blobs; all of them unless given."""
    http_url: NotRequired[pulumi.Input[str]]
    """Instead of a container: what anybody may read."""
    file_path: NotRequired[str]
    """In the start task's working directory: a file's own name for `http_url`, else the directory they go to."""
    file_mode: NotRequired[str]
    """Octal, on Linux; 0770 unless given."""


class StartTask(TypedDict):
    command_line: pulumi.Input[str]
    """Not run in a shell; start one where you need it."""
    elevated: NotRequired[bool]
    """Run as administrator, for installing things."""
    environment: NotRequired[dict[str, pulumi.Input[str]]]
    """Variables by name."""
    resource_files: NotRequired[list[ResourceFile]]
    """Files that are there before it runs."""
    max_retry_count: NotRequired[int]
    """Runs after the first one failed; -1: no limit, 1 unless given."""
    wait_for_success: NotRequired[bool]
    """Whether tasks wait for it, and a node where it fails gets none; true unless given."""


def start_task(task: StartTask | None, storage: NodeStorage | None) -> batch.StartTaskArgsDict | None:
    if task is None:
        return None
    elevation = batch.ElevationLevel.ADMIN if task.get("elevated") else batch.ElevationLevel.NON_ADMIN
    told: batch.StartTaskArgsDict = {
        "command_line": task["command_line"],
        "user_identity": {"auto_user": {"scope": batch.AutoUserScope.POOL, "elevation_level": elevation}},
        "wait_for_success": task.get("wait_for_success", True),
        "max_task_retry_count": task.get("max_retry_count", 1),
    }
    if environment := task.get("environment"):
        told["environment_settings"] = [{"name": name, "value": environment[name]} for name in environment]
    if files := task.get("resource_files"):
        told["resource_files"] = [_resource_file(file, storage) for file in files]
    return told


def faults(pool: Mapping[str, Any], spelt: Spelling) -> Iterator[Fault]:
    files: Sequence[ResourceFile] = pool.get("start_task", {}).get("resource_files", ())
    for i, file in enumerate(files):
        at = spelt(f"start_task.resource_files[{i}]")
        if ("container" in file) == ("http_url" in file):
            yield Fault(at=at, text=f"must have either {spelt('container')} or {spelt('http_url')}")
        elif "http_url" in file and "file_path" not in file:
            yield Fault(at=at, text=f"has {spelt('http_url')} but no {spelt('file_path')} to keep it under")
        elif "http_url" in file and "prefix" in file:
            yield Fault(at=f"{at}.{spelt('prefix')}", text=f"means nothing with {spelt('http_url')}")


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
