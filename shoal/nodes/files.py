"""Files of a node or of a task, as far as a node still has them."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from azure.batch.models import BatchNodeFile
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.core.rest import HttpRequest

from shoal.connect import Services, error_code, first_line
from shoal.errors import BadInput
from shoal.jobs.submit.collection import API_VERSION
from shoal.nodes.node_lookup import FoundNode
from shoal.runs.unknown_ids import unknown_task

NOT_THERE = (404, 409)
"""No such file, or no node that has it. Source: Batch REST, File - List From Task, TaskFilesUnavailable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRow:
    path: str
    size_bytes: int | None
    """None for a directory."""
    modified: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesOf:
    """The files of a node, or of one task."""

    url: str
    """The path of the collection below Batch's endpoint."""
    owner: str
    rows: tuple[FileRow, ...]


def files_of_node(services: Services, node: FoundNode) -> FilesOf:
    """List all files of a node, those of its tasks included."""
    listed = services.batch.list_node_files(node.pool_id, node.id, recursive=True)
    return FilesOf(
        url=f"/pools/{_part(node.pool_id)}/nodes/{_part(node.id)}/files",
        owner=f"node {node.id}",
        rows=tuple(map(_row, listed)),
    )


def files_of_task(services: Services, job_id: str, task_id: str) -> FilesOf:
    """List all files of a task. Raises BadInput where no node has them."""
    try:
        rows = tuple(map(_row, services.batch.list_task_files(job_id, task_id, recursive=True)))
    except ResourceNotFoundError as exc:
        raise unknown_task(services.batch, job_id, task_id, exc) from exc
    except HttpResponseError as exc:
        if exc.status_code not in NOT_THERE:
            raise
        kept = f"`shoal logs {job_id} {task_id}` and `shoal fetch {job_id}` read what was kept in storage"
        raise BadInput(f"no node has files of task '{task_id}' ({error_code(exc)}: {first_line(exc)}); {kept}") from exc
    return FilesOf(url=f"/jobs/{_part(job_id)}/tasks/{_part(task_id)}/files", owner=f"task {task_id}", rows=rows)


def below(files: FilesOf, path: str) -> tuple[FileRow, ...]:
    """Return the file with this path, or all below the directory with it. Raises BadInput where there is none."""
    name = path.strip("/")
    rows = tuple(row for row in files.rows if row.path == name or row.path.startswith(f"{name}/"))
    if not rows:
        raise BadInput(f"{files.owner} has no file '{name}'; without a path, `shoal files` lists all")
    return rows


def is_file(rows: tuple[FileRow, ...], path: str) -> bool:
    """Return True for the rows of one file, False for those of a directory."""
    return len(rows) == 1 and rows[0].path == path.strip("/") and rows[0].size_bytes is not None


def read(services: Services, files: FilesOf, row: FileRow, target: BinaryIO) -> None:
    """Copy a file to an open one, in parts."""
    request = HttpRequest("GET", f"{files.url}/{quote(row.path)}", params={"api-version": API_VERSION})
    try:
        answer = services.batch.send_request(request, stream=True)
    except HttpResponseError as exc:
        if exc.status_code not in NOT_THERE:
            raise
        raise BadInput(f"{files.owner} has no file '{row.path}' any more") from exc
    with answer:
        for part in answer.iter_bytes():
            target.write(part)


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file that gets its name once it is whole. Raises BadInput where it cannot be written."""
    part = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as content:
            yield content
        part.replace(path)
    except OSError as exc:
        raise BadInput(f"{path} cannot be written: {exc.strerror or exc}") from exc
    finally:
        with suppress(OSError):  # where its directory could not be made
            part.unlink()


def _row(file: BatchNodeFile) -> FileRow:
    properties = None if file.is_directory else file.properties
    return FileRow(
        path=str(file.name),
        size_bytes=properties.content_length if properties else None,
        modified=properties.last_modified if properties else None,
    )


def _part(text: str) -> str:
    return quote(text, safe="")
