"""Files that a task needs come to its working directory before its command runs.

Source: "Create and use resource files"; REST reference, ResourceFile. With a container, blobs keep their whole path
below `filePath`.
"""

from collections.abc import Iterator
from pathlib import Path

from shoal.local.node.blob_transfer import AccessDenied, Blobs, NotThere, TransferFailed, blob_url
from shoal.local.node.failure_info import TaskFault
from shoal.local.node.messages import JsonObject

DEFAULT_MODE = "0770"
"""Azure's default on Linux nodes."""


def fetch(resource_files: list[JsonObject], working_directory: Path, blobs: Blobs) -> None:
    """Raises TaskFault."""
    for resource_file in resource_files:
        for url, target in sources(resource_file, working_directory, blobs):
            _download(url, target, resource_file.get("fileMode", DEFAULT_MODE), blobs)


def sources(resource_file: JsonObject, working_directory: Path, blobs: Blobs) -> Iterator[tuple[str, Path]]:
    """The URLs behind a resource file and the paths they go to. Raises TaskFault."""
    if url := resource_file.get("httpUrl"):
        target = _inside(working_directory, resource_file["filePath"])
        try:
            yield blobs.signed(url, resource_file.get("identityReference")), target
        except AccessDenied as exc:
            raise TaskFault("BlobAccessDenied", f"Access to {_shown(url)} is denied: {exc}") from exc
        return
    folder = _inside(working_directory, resource_file.get("filePath", "."))
    try:
        container_url = _container_url(resource_file, blobs)
        for name in blobs.names(container_url, resource_file.get("blobPrefix")):
            yield blob_url(container_url, name), _inside(folder, name)
    except NotThere as exc:
        raise TaskFault("ResourceContainerNotFound", "The specified resource container does not exist") from exc
    except AccessDenied as exc:
        raise TaskFault("ResourceContainerAccessDenied", f"Access to the resource container is denied: {exc}") from exc
    except TransferFailed as exc:
        message = f"The resource container could not be listed: {exc}"
        raise TaskFault("ResourceContainerListMiscError", message, server=True) from exc


def _container_url(resource_file: JsonObject, blobs: Blobs) -> str:
    if name := resource_file.get("autoStorageContainerName"):
        return blobs.auto_storage_url(name)
    return blobs.signed(resource_file["storageContainerUrl"], resource_file.get("identityReference"))


def _inside(folder: Path, relative: str) -> Path:
    # The names of blobs may hold `..`.
    target = (folder / relative).resolve()
    if not target.is_relative_to(folder.resolve()):
        raise TaskFault("ResourceFileCreateFailed", f"The path {relative} lies outside the task's working directory")
    return target


def _download(url: str, target: Path, mode: str, blobs: Blobs) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        blobs.download(url, target)
        target.chmod(int(mode, 8))
    except NotThere as exc:
        raise TaskFault(
            "BlobNotFound", "The specified blob does not exist", FilePath=str(target), Url=_shown(url)
        ) from exc
    except AccessDenied as exc:
        raise TaskFault("BlobAccessDenied", f"Access to a resource file is denied: {exc}", Url=_shown(url)) from exc
    except TransferFailed as exc:
        message = f"A resource file could not be downloaded: {exc}"
        raise TaskFault("BlobDownloadMiscError", message, server=True, Url=_shown(url)) from exc
    except OSError as exc:
        message = f"A resource file could not be written: {exc.strerror}"
        raise TaskFault("ResourceFileWriteFailed", message, server=True, FilePath=str(target)) from exc


def _shown(url: str) -> str:
    """Without its signature."""
    return url.partition("?")[0]
