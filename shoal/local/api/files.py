"""Files of tasks and nodes, read where the nodes keep them.

A task's paths are relative to its own directory, a node's to its root.
Source: REST reference, File operations; a ranged download answers 200, the only success that the official client takes.
"""

import mimetypes
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from shoal.local import errors, times
from shoal.local.api import conditions, nodes, odata, tasks
from shoal.local.api.calls import Answer, Call, page, version_headers

RANGE = re.compile(r"bytes=(\d+)-(\d*)")


async def list_task_files(call: Call) -> Answer:
    root, url = _task_root(call)
    return _list(call, root, url)


async def download_task_file(call: Call) -> Answer:
    return _content(call, _inside(_task_root(call)[0], call["file_path"]))


async def get_task_file_properties(call: Call) -> Answer:
    root, url = _task_root(call)
    return _properties(call, _inside(root, call["file_path"]), url)


async def list_node_files(call: Call) -> Answer:
    root, url = _node_root(call)
    return _list(call, root, url)


async def download_node_file(call: Call) -> Answer:
    return _content(call, _inside(_node_root(call)[0], call["file_path"]))


async def get_node_file_properties(call: Call) -> Answer:
    root, url = _node_root(call)
    return _properties(call, _inside(root, call["file_path"]), url)


def _task_root(call: Call) -> tuple[Path, str]:
    job, task = tasks.find(call)
    if task["node"] is None:
        text = "The task files are unavailable because the task has not run."
        raise errors.conflict("TaskFilesUnavailable", text)
    root = call.service.node_directory(task["node"]) / "workitems" / job["id"] / "job-1" / task["id"]
    if not root.is_dir():
        text = "The task files are unavailable because the node on which the task ran is not there any more."
        raise errors.conflict("TaskFilesUnavailable", text)
    return root, f"{call.base_url}/jobs/{job['id']}/tasks/{task['id']}/files"


def _node_root(call: Call) -> tuple[Path, str]:
    node = nodes.find(call)
    url = f"{call.base_url}/pools/{node['pool_id']}/nodes/{node['id']}/files"
    return call.service.node_directory(node["id"]), url


def _inside(root: Path, relative: str) -> Path:
    path = (root / relative.replace("\\", "/").lstrip("/")).resolve()
    if not path.is_relative_to(root.resolve()) or not path.exists():
        raise errors.not_found("File")
    return path


def _list(call: Call, root: Path, url: str) -> Answer:
    prefix = odata.prefix(call.query.get("$filter"), "name")
    recursive = call.query.get("recursive", "false").lower() == "true"
    found = (path.relative_to(root).as_posix() for path in _walk(root, recursive=recursive))
    names = sorted(name for name in found if name.startswith(prefix))
    start, size = call.after(), call.page_size()
    shown = names[start : start + size]
    views = [_view(root / name, name, url) for name in shown]
    return page(call, "files", views, start + size if len(names) > start + size else None)


def _walk(root: Path, *, recursive: bool) -> Iterator[Path]:
    """What is there at this moment; files may come and go meanwhile."""
    try:
        entries = list(root.iterdir())
    except OSError:
        return
    for entry in entries:
        yield entry
        if recursive and entry.is_dir() and not entry.is_symlink():
            yield from _walk(entry, recursive=True)


def _view(path: Path, name: str, url: str) -> dict[str, Any]:
    result: dict[str, Any] = {"name": name, "url": f"{url}/{quote(name)}", "isDirectory": path.is_dir()}
    if path.is_file():
        status = path.stat()
        result["properties"] = {
            "lastModified": times.iso(status.st_mtime_ns // 1000),
            "contentLength": str(status.st_size),
            "contentType": _content_type(path),
            "fileMode": f"{status.st_mode:o}",
        }
    return result


def _content_type(path: Path) -> str:
    return mimetypes.guess_type(path.name)[0] or "application/octet-stream"


def _headers(path: Path, url: str, name: str) -> dict[str, str]:
    status = path.stat()
    return {
        **version_headers(status.st_mtime_ns // 1000),
        "Content-Type": _content_type(path),
        "ocp-batch-file-isdirectory": str(path.is_dir()),
        "ocp-batch-file-url": quote(f"{url}/{name}", safe=":/"),
        "ocp-batch-file-mode": f"{status.st_mode:o}",
    }


def _properties(call: Call, path: Path, url: str) -> Answer:
    conditions.check(call.method, call.headers, path.stat().st_mtime_ns // 1000)
    headers = _headers(path, url, call["file_path"])
    if path.is_file():
        headers["Content-Length"] = str(path.stat().st_size)
    return Answer(headers=headers)


def _content(call: Call, path: Path) -> Answer:
    if not path.is_file():
        raise errors.not_found("File")
    conditions.check(call.method, call.headers, path.stat().st_mtime_ns // 1000)
    headers = _headers(path, f"{call.base_url}{call.path}".removesuffix(quote(call["file_path"])), call["file_path"])
    with path.open("rb") as file:
        wanted = call.headers.get("ocp-range")
        if wanted is None:
            return Answer(content=file.read(), headers=headers)
        first, last = _range(wanted, path.stat().st_size)
        file.seek(first)
        return Answer(content=file.read(last - first + 1), headers=headers)


def _range(text: str, size: int) -> tuple[int, int]:
    match = RANGE.fullmatch(text)
    if match is None:
        raise errors.invalid_range()
    first, last = int(match[1]), int(match[2] or size - 1)
    if first >= size or last < first:
        raise errors.invalid_range()
    return first, min(last, size - 1)
