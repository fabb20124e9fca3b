"""Files of tasks and nodes, read where the nodes keep them.

A task's paths are relative to its own directory, a node's to its root.
Source: REST reference, File operations; a ranged download answers 200, the only success that the official client takes.
"""

import asyncio
import contextlib
import heapq
import itertools
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
    return await _list(call, *_task_root(call))


async def download_task_file(call: Call) -> Answer:
    return _content(call, *_task_root(call))


async def get_task_file_properties(call: Call) -> Answer:
    return _properties(call, *_task_root(call))


async def list_node_files(call: Call) -> Answer:
    return await _list(call, *_node_root(call))


async def download_node_file(call: Call) -> Answer:
    return _content(call, *_node_root(call))


async def get_node_file_properties(call: Call) -> Answer:
    return _properties(call, *_node_root(call))


async def delete_task_file(call: Call) -> Answer:
    return await _delete(call, _task_root(call)[0])


async def delete_node_file(call: Call) -> Answer:
    return await _delete(call, _node_root(call)[0])


async def _delete(call: Call, root: Path) -> Answer:
    """Delete a file, a link, or a folder, which has to be empty unless the call is recursive."""
    path = _entry(root, call["file_path"])
    try:
        # In a thread: a folder may have any number of files, and others are served meanwhile.
        await asyncio.to_thread(_remove, path, recursive=call.flag("recursive"))
    except OSError as exc:
        message = f"The file cannot be deleted: {exc.strerror}."
        raise errors.conflict("OperationInvalidForCurrentState", message) from None
    return Answer()


def _remove(path: Path, *, recursive: bool) -> None:
    is_folder = path.is_dir() and not path.is_symlink()
    if is_folder and recursive:
        shutil.rmtree(path)
    elif is_folder:
        path.rmdir()
    else:
        path.unlink(missing_ok=True)


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


def _entry(root: Path, relative: str) -> Path:
    """Return the path of what a folder below the root holds, itself where it is a link. Raises BatchError FileNotFound.

    Links to folders on the way are followed, as for reading, and must not lead out of the root.
    """
    folder, _, name = _relative(relative).rstrip("/").rpartition("/")
    path = _inside(root, folder) / name
    if name in ("", ".", "..") or not _is_there(path):
        raise errors.not_found("File")
    return path


def _is_there(path: Path) -> bool:
    """Return whether there is a file, a folder or a link, even one that leads nowhere."""
    try:
        path.lstat()
    except (OSError, ValueError):
        return False
    return True


def _relative(given: str) -> str:
    return given.replace("\\", "/").lstrip("/")


def _inside(root: Path, relative: str) -> Path:
    try:
        path = (root / _relative(relative)).resolve(strict=True)
    except (OSError, ValueError):
        raise errors.not_found("File") from None
    if not path.is_relative_to(root.resolve()):
        raise errors.not_found("File")
    return path


async def _list(call: Call, root: Path, url: str) -> Answer:
    prefix, recursive = odata.prefix(call.query.get("$filter"), "name"), call.flag("recursive")
    after, size = os.fsdecode(call.after_name()), call.page_size()
    # In a thread, as in `_delete`; one more than the page shows whether others follow.
    names = await asyncio.to_thread(_names_after, root, after, prefix, size + 1, recursive=recursive)
    views = [view for name in names[:size] if (view := _view(root / name, name, url))]
    return page(call, "files", views, os.fsencode(names[size - 1]) if len(names) > size else None)


def _names_after(root: Path, after: str, prefix: str, most: int, *, recursive: bool) -> list[str]:
    following = (name for name in file_names(root, prefix, recursive=recursive) if name > after)
    return list(itertools.islice(following, most))


def file_names(root: Path, prefix: str, *, recursive: bool) -> Iterator[str]:
    """Yield the names below a folder in their order, and read no folder before its turn. Files may come and go."""
    waiting = list(_children(root, "", prefix))
    heapq.heapify(waiting)
    while waiting:
        name, is_folder = heapq.heappop(waiting)
        if name.startswith(prefix):
            yield name
        if recursive and is_folder:
            # Their names are greater than the folder's own, so none has come too late.
            for child in _children(root / name, f"{name}/", prefix):
                heapq.heappush(waiting, child)


def _children(folder: Path, above: str, prefix: str) -> Iterator[tuple[str, bool]]:
    """Yield the name of each entry that has the prefix, or may lead to it, and whether it is a folder itself."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            name = above + entry.name
            if name.startswith(prefix) or prefix.startswith(f"{name}/"):
                yield name, entry.is_dir(follow_symlinks=False)


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
