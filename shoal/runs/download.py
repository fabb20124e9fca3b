"""One blob becomes one file: whole or not at all, with its checksum, and a large one goes on where it stopped."""

import hashlib
import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from io import BufferedReader
from pathlib import Path
from threading import Lock

from shoal.blob_requests import Blob, BlobRequests

LARGE = 64 << 20
"""Bytes from which a file is read in ranges, and goes on where it stopped."""
RANGE = 16 << 20
RANGES_IN_FLIGHT = 4
_one_large_file = Lock()
"""Ranges of one file are held in memory until they can be appended: one such file at a time bounds that."""


class WrongChecksum(Exception):
    """The bytes that came are not those that were stored."""


def download(blobs: BlobRequests, blob: Blob, target: Path) -> int | None:
    """Download a blob to a file with the blob's time, and return its size; None for a file that is there already.

    Raises OSError, BlobChanged, WrongChecksum and errors of azure-core; the file is then as it was before.
    """
    with suppress(FileNotFoundError, NotADirectoryError):
        there = target.stat()
        if (there.st_size, there.st_mtime) == (blob.size, blob.last_modified):
            return None
    target.parent.mkdir(parents=True, exist_ok=True)
    part = _large(blobs, blob, target) if blob.size >= LARGE else _small(blobs, blob, target)
    os.utime(part, (blob.last_modified, blob.last_modified))
    part.replace(target)
    return blob.size


def _small(blobs: BlobRequests, blob: Blob, target: Path) -> Path:
    part = target.with_name(f"{target.name}.part")
    try:
        with part.open("wb") as content:
            digest = hashlib.md5(usedforsecurity=False)
            for piece in blobs.pieces(blob):
                digest.update(piece)
                content.write(piece)
        _check(blob, part, digest.digest())
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return part


def _large(blobs: BlobRequests, blob: Blob, target: Path) -> Path:
    """Append ranges in order, so that the size of the part tells where to go on."""
    part = target.with_name(f"{target.name}.{blob.etag}.part")
    for other in target.parent.glob(f"{_escaped(target.name)}.*.part"):
        if other != part:
            other.unlink(missing_ok=True)  # of a blob that was replaced since
    with _one_large_file, part.open("ab") as content:
        for piece in _ranges(blobs, blob, start=content.tell()):
            content.write(piece)
    with part.open("rb") as content:
        digest = _digest(content, blob)
    try:
        _check(blob, part, digest)
    except WrongChecksum:
        part.unlink()
        raise
    return part


def _ranges(blobs: BlobRequests, blob: Blob, *, start: int) -> Iterator[bytes]:
    with ThreadPoolExecutor(RANGES_IN_FLIGHT) as threads:
        waiting: deque[Future[bytes]] = deque()
        for first in range(start, blob.size, RANGE):
            waiting.append(threads.submit(_range, blobs, blob, first))
            if len(waiting) == RANGES_IN_FLIGHT:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _range(blobs: BlobRequests, blob: Blob, first: int) -> bytes:
    last = min(first + RANGE, blob.size) - 1
    return b"".join(blobs.pieces(blob, first=first, last=last))


def _digest(content: BufferedReader, blob: Blob) -> bytes | None:
    if blob.md5 is None:
        return None  # nothing to compare it with; Azure keeps none for most large blobs
    return hashlib.file_digest(content, lambda: hashlib.md5(usedforsecurity=False)).digest()


def _check(blob: Blob, part: Path, digest: bytes | None) -> None:
    if part.stat().st_size != blob.size or (blob.md5 is not None and blob.md5 != digest):
        raise WrongChecksum("it did not come as it was stored; try again")


def _escaped(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)
