"""What a pool's nodes mount: containers of the stack's storage by blobfuse and the nodes' identity, or NFS shares.

Source: REST reference, MountConfiguration; each is mounted before the start task, below $AZ_BATCH_NODE_MOUNTS_DIR.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, NotRequired, TypedDict

from pulumi_azure_native import batch

from .fault import Fault, Spelling
from .image_rules import is_windows
from .node_storage import NodeStorage

MOST = 10
"""Source: Batch's limits, mounts of a node."""


class Mount(TypedDict):
    mount_path: str
    """Below `$AZ_BATCH_NODE_MOUNTS_DIR`."""
    container: NotRequired[str]
    """Of the storage account of the pool: mounted by blobfuse, with the identity of the nodes."""
    nfs_source: NotRequired[str]
    """Instead of a container: a share that the nodes' subnet reaches, such as `host:/path`."""
    read_only: NotRequired[bool]
    """True unless given."""
    options: NotRequired[str]
    """Of blobfuse, or of `mount` for NFS."""


def mount_configuration(mounts: Sequence[Mount], storage: NodeStorage | None) -> list[batch.MountConfigurationArgsDict]:
    return [_mounted(mount, storage) for mount in mounts]


def faults(pool: Mapping[str, Any], spelt: Spelling) -> Iterator[Fault]:
    mounts: Sequence[Mount] = pool.get("mounts", ())
    if len(mounts) > MOST:
        yield Fault(text=f"has {len(mounts)} {spelt('mounts')}; Batch allows {MOST}")
    for i, mount in enumerate(mounts):
        at = spelt(f"mounts[{i}]")
        path = PurePosixPath(mount["mount_path"])
        if ("container" in mount) == ("nfs_source" in mount):
            yield Fault(at=at, text=f"must have either {spelt('container')} or {spelt('nfs_source')}")
        if path.is_absolute() or ".." in path.parts or not path.parts:
            text = f"is {mount['mount_path'] or 'empty'}; it must be a path below $AZ_BATCH_NODE_MOUNTS_DIR"
            yield Fault(at=f"{at}.{spelt('mount_path')}", text=text)
        if any(path == PurePosixPath(other["mount_path"]) for other in mounts[:i]):
            yield Fault(at=f"{at}.{spelt('mount_path')}", text=f"is {path}, where another one is mounted")
        if is_windows(pool):
            yield Fault(at=at, text="cannot be mounted on Windows; blobfuse and NFS need Linux")


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
