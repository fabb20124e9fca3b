"""Uploads a task's output files before the task counts as completed.

Source: "Persist task data to Azure Storage with the Batch service API"; REST reference, OutputFile: patterns are
relative to the working directory, `**` spans directories, and a pattern that matches nothing is not an error.
"""

import glob
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from shoal.local.node.blob_transfer import AccessDenied, Blobs, NotThere, TransferFailed
from shoal.local.node.directories import TaskDirectory
from shoal.local.node.failure_info import TaskFault
from shoal.local.node.messages import JsonObject

WILDCARD = re.compile(r"[*?\[]")


def due(output_files: list[JsonObject], *, exit_code: int) -> list[JsonObject]:
    """Those whose upload condition is met."""
    met = {"taskcompletion", "tasksuccess" if exit_code == 0 else "taskfailure"}
    return [file for file in output_files if condition(file) in met]


def condition(output_file: JsonObject) -> str:
    return str(output_file.get("uploadOptions", {}).get("uploadCondition", "TaskCompletion")).lower()


def upload(
    output_files: list[JsonObject], directory: TaskDirectory, environment: Mapping[str, str], blobs: Blobs
) -> None:
    """Upload all, and log each in `fileuploadout.txt` beside the working directory. Raises TaskFault.

    What ended it stands in `fileuploaderr.txt`. Source: files in a task's directory as seen on nodes.
    """
    with (
        (directory.path / "fileuploadout.txt").open("w") as log,
        (directory.path / "fileuploaderr.txt").open("w") as err,
    ):
        for output_file in output_files:
            for source, name in matches(output_file, directory, environment):
                try:
                    _require_own(source, directory)
                    _put(output_file, source, name, blobs, blobs.upload)
                except TaskFault as fault:
                    err.write(f"{source} -> {name}: {fault}\n")
                    raise
                log.write(f"{source} -> {name}\n")


def _require_own(source: Path, directory: TaskDirectory) -> None:
    """Raise TaskFault for a link to a file that the task's user may not read. The agent could."""
    if directory.user is None or source.resolve().is_relative_to(directory.path) or directory.user.may_read(source):
        return
    message = "A file could not be uploaded: it leads out of the task's directory, and the task's user may not read it"
    raise TaskFault("FileUploadMiscError", message, FilePath=str(source))


def upload_missing(
    output_files: list[JsonObject], directory: TaskDirectory, environment: Mapping[str, str], blobs: Blobs
) -> None:
    """Upload what is not in storage, of the files that are still there. Raises TaskFault."""
    for output_file in output_files:
        for source, name in matches(output_file, directory, environment):
            _put(output_file, source, name, blobs, blobs.upload_missing)


def matches(
    output_file: JsonObject, directory: TaskDirectory, environment: Mapping[str, str]
) -> Iterator[tuple[Path, str]]:
    """The files that the pattern means and the names of their blobs.

    Without a wildcard `path` is the blob's name; with one it is a prefix, before the part of the file's path that
    follows the last directory of the pattern without wildcards.
    """
    pattern = expand(output_file["filePattern"], environment)
    path = output_file["destination"]["container"].get("path", "").strip("/")
    base = wildcard_free(pattern)
    if base == pattern:
        file = directory.working / pattern
        if file.is_file():
            yield file, path or file.name
        return
    for found in sorted(_glob(pattern, directory.working)):
        file = directory.working / found
        if file.is_file():
            kept = found.removeprefix(base).lstrip("/")
            yield file, f"{path}/{kept}" if path else kept


def _glob(pattern: str, folder: Path) -> list[str]:
    # Not Path.glob: it takes neither `..` nor an absolute pattern, both of which Batch allows.
    return glob.glob(pattern, root_dir=folder, recursive=True)  # noqa: PTH207


def wildcard_free(pattern: str) -> str:
    """The leading part of a pattern up to the last directory that holds no wildcard; all of it where none holds one."""
    wildcard = WILDCARD.search(pattern)
    if wildcard is None:
        return pattern
    return pattern[: pattern.rfind("/", 0, wildcard.start()) + 1]


def expand(pattern: str, environment: Mapping[str, str]) -> str:
    return re.sub(r"\$(\w+)|\$\{(\w+)\}", lambda m: environment.get(m[1] or m[2], m[0]), pattern)


def _put(output_file: JsonObject, source: Path, name: str, blobs: Blobs, upload: Callable[..., None]) -> None:
    container = output_file["destination"]["container"]
    headers = {header["name"]: header.get("value", "") for header in container.get("uploadHeaders", ())}
    shown = container["containerUrl"].partition("?")[0]
    try:
        upload(blobs.signed(container["containerUrl"], container.get("identityReference")), name, source, headers)
    except NotThere as exc:
        message = "One of the containers for the task's output files does not exist"
        raise TaskFault("FileUploadContainerNotFound", message, ContainerUrl=shown) from exc
    except AccessDenied as exc:
        message = f"Access to a container for the task's output files is denied: {exc}"
        raise TaskFault("FileUploadAccessDenied", message, ContainerUrl=shown) from exc
    except (TransferFailed, OSError) as exc:
        message = f"A file could not be uploaded: {exc}"
        raise TaskFault("FileUploadMiscError", message, server=True, FilePath=str(source), ContainerUrl=shown) from exc
