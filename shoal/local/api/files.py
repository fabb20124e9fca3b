"""Files of tasks and nodes, read where the nodes keep them.

A task's paths are relative to its own directory, a node's to its root.
Source: REST reference, File operations; a ranged download answers 200, the only success that the official client takes.
"""

import mimetypes
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from shoal.local import errors, times
from shoal.local.api import conditions, nodes, odata, tasks
from shoal.local.api.calls import Answer, Call, page, version_headers
from shoal.local.node.directories import task_root
from shoal.local.simulation.pool_clock import is_simulated
from shoal.local.store.states import TaskState
from shoal.local.store.task import Task

RANGE = re.compile(r"bytes=(\d{1,18})-(\d{1,18})?")
PART = 1 << 18
"""Bytes that are read at once. Reading blocks the loop, so a large file is read in parts."""


async def list_task_files(call: Call) -> Answer:
    return _list(call, *_task_root(call))


async def download_task_file(call: Call) -> Answer:
    return _content(call, *_task_root(call))


async def get_task_file_properties(call: Call) -> Answer:
    return _properties(call, *_task_root(call))


async def list_node_files(call: Call) -> Answer:
    return _list(call, *_node_root(call))


async def download_node_file(call: Call) -> Answer:
    return _content(call, *_node_root(call))


async def get_node_file_properties(call: Call) -> Answer:
    return _properties(call, *_node_root(call))


async def delete_task_file(call: Call) -> Answer:
    return _delete(call, _task_root(call)[0])


async def delete_node_file(call: Call) -> Answer:
    return _delete(call, _node_root(call)[0])


def _delete(call: Call, root: Path) -> Answer:
    """Delete a file, or a folder, which has to be empty unless the call is recursive."""
    path = _inside(root, call["file_path"])
    if path == root.resolve():
        raise errors.not_found("File")
    try:
        if path.is_dir() and call.flag("recursive"):
            shutil.rmtree(path)
        elif path.is_dir():
            path.rmdir()
        else:
            path.unlink(missing_ok=True)
    except OSError as exc:
        message = f"The file cannot be deleted: {exc.strerror}."
        raise errors.conflict("OperationInvalidForCurrentState", message) from None
    return Answer()


def _task_root(call: Call) -> tuple[Path, str]:
    job, task = tasks.find(call)
    if task.node is None:
        text = "The task files are unavailable because the task has not run."
        raise errors.conflict("TaskFilesUnavailable", text)
    if is_simulated(task.node):
        text = "The task files are unavailable because the run was simulated: the pool has the metadata shoal:simulate."
        raise errors.conflict("TaskFilesUnavailable", text)
    if _is_cleaned_up(task):
        text = "The task files were deleted at the end of the task's retentionTime."
        raise errors.conflict("TaskFilesCleanedup", text)
    root = call.service.node_directory(task.node) / task_root(job.id, task.id)
    if not root.is_dir():
        text = "The task files are unavailable because the node on which the task ran is not there any more."
        raise errors.conflict("TaskFilesUnavailable", text)
    return root, f"{call.base_url}/jobs/{job.id}/tasks/{task.id}/files"


def _is_cleaned_up(task: Task) -> bool:
    """Return True from the end of the retention time on; the node may take a moment longer to delete the files."""
    if task.state is not TaskState.COMPLETED or task.ended is None:
        return False
    return task.ended + times.duration(task.body()["constraints"]["retentionTime"]) <= times.now()


def _node_root(call: Call) -> tuple[Path, str]:
    pool, node = nodes.find(call)
    return call.service.node_directory(node.id), f"{call.base_url}/pools/{pool.id}/nodes/{node.id}/files"


def _inside(root: Path, relative: str) -> Path:
    try:
        path = (root / relative.replace("\\", "/").lstrip("/")).resolve(strict=True)
    except (OSError, ValueError):
        raise errors.not_found("File") from None
    if not path.is_relative_to(root.resolve()):
        raise errors.not_found("File")
    return path


def _list(call: Call, root: Path, url: str) -> Answer:
    prefix = odata.prefix(call.query.get("$filter"), "name")
    recursive = call.flag("recursive")
    found = (path.relative_to(root).as_posix() for path in _walk(root, recursive=recursive))
    names = sorted(name for name in found if name.startswith(prefix))
    start, size = call.after(), call.page_size()
    views = [view for name in names[start : start + size] if (view := _view(root / name, name, url))]
    return page(call, "files", views, start + size if len(names) > start + size else None)


def _walk(root: Path, *, recursive: bool) -> Iterator[Path]:
    """Yield the paths below a folder. Files may come and go meanwhile."""
    try:
        entries = list(root.iterdir())
    except OSError:
        return
    for entry in entries:
        yield entry
        if recursive and entry.is_dir() and not entry.is_symlink():
            yield from _walk(entry, recursive=True)


def _view(path: Path, name: str, url: str) -> dict[str, Any] | None:
    """Return the entry of a listing, or None where the file has gone since."""
    # A name need not be text to the system, but must be in JSON.
    in_bytes = os.fsencode(name)
    result = {
        "name": in_bytes.decode(errors="replace"),
        "url": f"{url}/{quote(in_bytes)}",
        "isDirectory": path.is_dir(),
    }
    try:
        status = path.stat()
    except OSError:
        return None
    if path.is_file():
        result["properties"] = {
            "creationTime": times.iso(_created(status)),
            "lastModified": times.iso(status.st_mtime_ns // 1000),
            "contentLength": str(status.st_size),
            "contentType": _content_type(path),
            "fileMode": f"{status.st_mode:o}",
        }
    return result


def _content_type(path: Path) -> str:
    return mimetypes.guess_type(path.name)[0] or "application/octet-stream"


def _properties(call: Call, root: Path, url: str) -> Answer:
    path = _inside(root, call["file_path"])
    status = path.stat()
    conditions.check(call.method, call.headers, status.st_mtime_ns // 1000)
    length = {"Content-Length": str(status.st_size)} if path.is_file() else {}
    return Answer(headers=_headers(call, path, status, url) | length)


def _headers(call: Call, path: Path, status: os.stat_result, url: str) -> dict[str, str]:
    return {
        **version_headers(status.st_mtime_ns // 1000),
        "ocp-creation-time": times.http_date(_created(status)),
        "Content-Type": _content_type(path),
        "ocp-batch-file-isdirectory": str(path.is_dir()),
        "ocp-batch-file-url": f"{url}/{quote(os.fsencode(call['file_path']))}",
        "ocp-batch-file-mode": f"{status.st_mode:o}",
    }


def _created(status: os.stat_result) -> int:
    """Return the earliest time that the system keeps of a file: Linux does not tell when it was made."""
    return min(status.st_mtime_ns, status.st_ctime_ns) // 1000


def _content(call: Call, root: Path, url: str) -> Answer:
    path = _inside(root, call["file_path"])
    if not path.is_file():
        raise errors.not_found("File")
    status = path.stat()
    conditions.check(call.method, call.headers, status.st_mtime_ns // 1000)
    first, length = _range(call.headers.get("ocp-range"), status.st_size)
    headers = _headers(call, path, status, url)
    file = path.open("rb")
    file.seek(first)
    if length > PART:
        return Answer(content=_parts(file, length), headers=headers | {"Content-Length": str(length)})
    with file:
        return Answer(content=file.read(length), headers=headers)


def _parts(file: BinaryIO, length: int) -> Iterator[bytes]:
    with file:
        while length and (part := file.read(min(PART, length))):
            length -= len(part)
            yield part


def _range(text: str | None, size: int) -> tuple[int, int]:
    """Return the first byte and the number of bytes of the requested range."""
    if text is None:
        return 0, size
    match = RANGE.fullmatch(text)
    if match is None:
        raise errors.invalid_range()
    first, last = int(match[1]), min(int(match[2] or size), size - 1)
    if last < first:
        raise errors.invalid_range()
    return first, last - first + 1
