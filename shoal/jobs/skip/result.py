"""The result of a task: a list of its output files, which the task itself writes after its command has succeeded.

Batch uploads it with the outputs, for a success only, to a blob that is named after the task's digest. So a result may
be there although an output is not; `files_of` compares the list with what is stored.
"""

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shoal.blob_requests import Blob
from shoal.jobs.tasks.find_patterns import find_literal, find_regex

RESULT_FILE = ".shoal-result"
"""In the working directory, the only one that a task is sure to write in."""
RESULTS = ".shoal/results"
"""The folder of results in the container of outputs. No job's folder begins with a dot."""
MIXED = ".shoal/mixed"
"""The folder of marks for stages of runs whose results are not reused."""
_END = "end"
_MD5 = re.compile(r"([0-9a-f]{32}) [ *]\./(.+)")
_SIZE = re.compile(r" *([0-9]+) \./(.+)")
_TOTAL = re.compile(r" *[0-9]+ total")


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    size: int
    md5: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    folder: str
    """The folder of the run whose outputs these are."""
    made: int
    """The time when the command ended, in seconds since 1970; copies keep it."""
    stored: int
    """The time from which its files are stored; that of the copy for a copy."""
    files: Mapping[str, File]
    """By the path below the working directory."""


def recorded(body: dict[str, Any], folder: str, place: Mapping[str, Any], patterns: Sequence[str]) -> dict[str, Any]:
    """Return the task that writes its result as well; `place` is the container and the path of its blob."""
    upload = {
        "filePattern": RESULT_FILE,
        "destination": {"container": place},
        "uploadOptions": {"uploadCondition": "tasksuccess"},
    }
    return {
        **body,
        # The words of the command line stay as they are; the shell runs them, then lists what they have left.
        "commandLine": f"/bin/sh -c {shlex.quote(_script(folder, patterns))} sh {body['commandLine']}",
        "outputFiles": [*body["outputFiles"], upload],
    }


def _script(folder: str, patterns: Sequence[str]) -> str:
    paths = [shlex.quote(find_literal("./") + find_regex(pattern.removeprefix("./"))) for pattern in patterns]
    any_of = " -o ".join(f"-regex {path}" for path in paths)
    chosen = rf"find -L . -type f ! -path ./{RESULT_FILE} \( {any_of} \)"
    lists = f"{chosen} -exec md5sum {{}} + && {chosen} -exec wc -c {{}} + && echo {_END}"
    # Without its last line a result counts for nothing; a full disk then costs no more than another run.
    return f'"$@" || exit; {{ echo {folder}; date +%s; {lists}; }} > {RESULT_FILE} 2> /dev/null; exit 0'


def parsed(text: str) -> Result | None:
    """Return None for a result that is not whole."""
    lines = text.splitlines()
    times = lines[1].split() if len(lines) > 2 and lines[-1] == _END else []
    files = _files(lines[2:-1])
    if not times or not all(map(str.isdecimal, times)) or not files:
        return None
    return Result(folder=lines[0], made=int(times[0]), stored=int(times[-1]), files=files)


def to_text(result: Result) -> str:
    """Return the result as a task would have written it, with the time of its copy."""
    sums = [f"{file.md5.hex()}  ./{path}" for path, file in result.files.items()]
    sizes = [f"{file.size} ./{path}" for path, file in result.files.items()]
    return "\n".join([result.folder, f"{result.made} {result.stored}", *sums, *sizes, _END]) + "\n"


def files_of(result: Result, stored: Mapping[str, Blob]) -> list[Blob] | None:
    """Return the blobs that are the result's files, or None where one is missing, is another, or is not explained.

    `stored` are the blobs of the task by their names below its folder. Batch names them after the last part of a
    file's path, or the part that the pattern does not give.
    """
    blobs = {name: blob for name, blob in stored.items() if name != RESULT_FILE}
    matches = {name: _paths(result, name, blob) for name, blob in blobs.items()}
    is_covered = set(result.files) == {path for paths in matches.values() for path in paths}
    if not result.files or len(blobs) < len(result.files) or not all(matches.values()) or not is_covered:
        return None
    return list(blobs.values())


def _paths(result: Result, name: str, blob: Blob) -> list[str]:
    """Return the paths of the files that a blob may be."""
    return [
        path
        for path, file in result.files.items()
        if f"/{path}".endswith(f"/{name}") and _is_content(file, blob, stored=result.stored)
    ]


def _is_content(file: File, blob: Blob, *, stored: int) -> bool:
    # Blobs that were uploaded in blocks may have no checksum. Their time then shows that no earlier attempt left them.
    is_same = blob.last_modified >= stored if blob.md5 is None else blob.md5 == file.md5
    return is_same and blob.size == file.size


def _files(lines: Sequence[str]) -> dict[str, File] | None:
    sizes: dict[str, int] = {}
    sums: dict[str, bytes] = {}
    for line in lines:
        if match := _MD5.fullmatch(line):
            sums[match[2]] = bytes.fromhex(match[1])
        elif match := _SIZE.fullmatch(line):
            sizes[match[2]] = int(match[1])
        elif not _TOTAL.fullmatch(line):
            return None
    if sizes.keys() != sums.keys():
        return None
    return {path: File(size=size, md5=sums[path]) for path, size in sizes.items()}
