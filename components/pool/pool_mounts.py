"""Mounts of a pool's nodes: containers of the stack's storage by blobfuse and the nodes' identity, or NFS shares.

Source: REST reference, MountConfiguration; each is mounted before the start task, below $AZ_BATCH_NODE_MOUNTS_DIR.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, NotRequired, TypedDict

from pulumi_azure_native import batch

from shoal.azure.limits import CONTAINER_MOUNTS, MOUNTS_PER_NODE

from ..argument_fault import ArgumentFault, Spelling
from ..argument_types import ContainerName, NotEmpty
from .image_rules import is_windows, node_agent
from .node_storage import NodeStorage


class Mount(TypedDict):
    """A file system that each node mounts: a container or an NFS share."""

    mount_path: str
    """Path below `$AZ_BATCH_NODE_MOUNTS_DIR`."""
    container: NotRequired[ContainerName]
    """Container of the pool's storage account, mounted by blobfuse with the identity of the nodes."""
    nfs_source: NotRequired[NotEmpty]
    """NFS share that the nodes' subnet can reach, such as `host:/path`, instead of a container."""
    read_only: NotRequired[bool]
    """True unless given."""
    options: NotRequired[NotEmpty]
    """Further options of blobfuse, or of `mount` for NFS."""


def mount_configuration(mounts: Sequence[Mount], storage: NodeStorage | None) -> list[batch.MountConfigurationArgsDict]:
    return [_mounted(mount, storage) for mount in mounts]


def faults(pool: Mapping[str, Any], spelling: Spelling) -> Iterator[ArgumentFault]:
    mounts: Sequence[Mount] = pool.get("mounts", ())
    if len(mounts) > MOUNTS_PER_NODE:
        yield ArgumentFault(text=f"has {len(mounts)} {spelling('mounts')}; Batch allows {MOUNTS_PER_NODE}")
    yield from _container_faults(pool, spelling)
    for i, mount in enumerate(mounts):
        at = spelling(f"mounts[{i}]")
        path = PurePosixPath(mount["mount_path"])
        if ("container" in mount) == ("nfs_source" in mount):
            yield ArgumentFault(at=at, text=f"must have either {spelling('container')} or {spelling('nfs_source')}")
        if path.is_absolute() or ".." in path.parts or not path.parts:
            text = f"is {mount['mount_path'] or 'empty'}; it must be a path below $AZ_BATCH_NODE_MOUNTS_DIR"
            yield ArgumentFault(at=f"{at}.{spelling('mount_path')}", text=text)
        if any(path == PurePosixPath(other["mount_path"]) for other in mounts[:i]):
            yield ArgumentFault(at=f"{at}.{spelling('mount_path')}", text=f"is {path}, where another one is mounted")
        if is_windows(pool):
            yield ArgumentFault(at=at, text="cannot be mounted on Windows; blobfuse and NFS need Linux")


def _container_faults(pool: Mapping[str, Any], spelling: Spelling) -> Iterator[ArgumentFault]:
    containers = sum("container" in mount for mount in pool.get("mounts", ()))
    agent = node_agent(pool)
    most = CONTAINER_MOUNTS.get(agent, MOUNTS_PER_NODE)
    if most < containers <= MOUNTS_PER_NODE:
        text = (
            f"has {containers} containers; nodes with {agent} mount only {most} and then become unusable"
            " (Azure/Batch#190, open on 2026-11-22): have tasks download and upload the others, or take another image"
        )
        yield ArgumentFault(at=spelling("mounts"), text=text)


def _mounted(mount: Mount, storage: NodeStorage | None) -> batch.MountConfigurationArgsDict:
    read_only = ["-o ro"] if mount.get("read_only", True) else []
    options = " ".join([*read_only, *([mount["options"]] if "options" in mount else [])])
    if "nfs_source" in mount:
        nfs: batch.NFSMountConfigurationArgsDict = {
            "source": mount["nfs_source"],
            "relative_mount_path": mount["mount_path"],
        }
        return {"nfs_mount_configuration": {**nfs, "mount_options": options} if options else nfs}
    assert storage is not None  # node_storage.faults
    blobs: batch.AzureBlobFileSystemConfigurationArgsDict = {
        "account_name": storage.account_name,
        "container_name": mount["container"],
        "relative_mount_path": mount["mount_path"],
        "identity_reference": storage.identity,
    }
    return {"azure_blob_file_system_configuration": {**blobs, "blobfuse_options": options} if options else blobs}
