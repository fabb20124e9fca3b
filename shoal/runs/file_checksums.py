"""SHA-256 checksums of fetched files, kept beside the directory of results so that no file is read again for them.

A checksum counts for as long as its file was not touched: any write changes the file's ctime, which no program can set.
"""

import hashlib
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import orjson

from shoal.runs.whole_file import write_whole

SUFFIX = ".shoal-checksums"
IN_FLIGHT = 2


class FileChecksum(NamedTuple):
    size: int
    mtime_ns: int
    ctime_ns: int
    sha256: str


def checksum_of(path: Path, sha256: str) -> FileChecksum:
    """Return the checksum together with the file's present state."""
    state = path.stat()
    return FileChecksum(state.st_size, state.st_mtime_ns, state.st_ctime_ns, sha256)


def read_checksums(folder: Path) -> dict[str, FileChecksum]:
    """Return the kept checksums by the files' paths below the folder; none where they cannot be read."""
    try:
        kept = orjson.loads(_file_of(folder).read_bytes())
        return {name: FileChecksum(*values) for name, values in kept.items()}
    except (FileNotFoundError, ValueError, TypeError, AttributeError):
        return {}


def keep_checksums(folder: Path, checksums: Mapping[str, FileChecksum]) -> None:
    """Keep these beside those that were kept before."""
    if checksums:
        kept = {**read_checksums(folder), **checksums}
        write_whole(_file_of(folder), orjson.dumps({name: list(checksum) for name, checksum in kept.items()}))


def current_checksums(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Return the SHA-256 of files below the folder. Reads only files without a kept checksum, and keeps theirs."""
    names, kept = list(names), read_checksums(folder)
    unknown = [name for name in names if not _counts(kept.get(name), folder / name)]
    with ThreadPoolExecutor(IN_FLIGHT) as threads:
        computed = dict(zip(unknown, threads.map(lambda name: _computed(folder / name), unknown), strict=True))
    keep_checksums(folder, computed)
    kept |= computed
    return {name: kept[name].sha256 for name in names}


def _counts(kept: FileChecksum | None, path: Path) -> bool:
    return kept is not None and kept == checksum_of(path, kept.sha256)


def _computed(path: Path) -> FileChecksum:
    before = checksum_of(path, "")  # a change while it is read then shows the next time
    with path.open("rb") as content:
        return before._replace(sha256=hashlib.file_digest(content, "sha256").hexdigest())


def _file_of(folder: Path) -> Path:
    return folder.resolve().with_name(f".{folder.resolve().name}{SUFFIX}")
