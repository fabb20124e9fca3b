"""One blob becomes one file: whole or not at all, with its checksum, and a large one goes on where it stopped."""

import hashlib
import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Lock

from shoal.blob_requests import PIECE, Blob, BlobRequests
from shoal.runs.file_checksums import FileChecksum, checksum_of

LARGE = 64 << 20
"""Bytes from which a file is read in ranges, and goes on where it stopped."""
RANGE = 16 << 20
RANGES_IN_FLIGHT = 4
_one_large_file = Lock()
"""Ranges of one file are held in memory until they can be appended: one such file at a time bounds that."""


class WrongChecksum(Exception):
    """The bytes that came are not those that were stored."""


class Digests:
    """Checksums of a file, made while it is written."""

    def __init__(self, blob: Blob) -> None:
        self._sha256 = hashlib.sha256(usedforsecurity=False)
        # Azure keeps none for most large blobs: then there is nothing to compare it with.
        self._md5 = None if blob.md5 is None else hashlib.md5(usedforsecurity=False)

    def update(self, piece: bytes) -> None:
        self._sha256.update(piece)
        if self._md5 is not None:
            self._md5.update(piece)

    @property
    def md5(self) -> bytes | None:
        return None if self._md5 is None else self._md5.digest()

    @property
    def sha256(self) -> str:
        return self._sha256.hexdigest()


def download(blobs: BlobRequests, blob: Blob, target: Path) -> FileChecksum | None:
    """Download a blob to a file with the blob's time, and return its checksum; None for a file that is there already.

    Raises OSError, BlobChanged, WrongChecksum and errors of azure-core; the file is then as it was before.
    """
    with suppress(FileNotFoundError, NotADirectoryError):
        there = target.stat()
        if (there.st_size, there.st_mtime) == (blob.size, blob.last_modified):
            return None
    target.parent.mkdir(parents=True, exist_ok=True)
    digests = Digests(blob)
    part = (_large if blob.size >= LARGE else _small)(blobs, blob, target, digests)
    os.utime(part, (blob.last_modified, blob.last_modified))
    part.replace(target)
    return checksum_of(target, digests.sha256)


def _small(blobs: BlobRequests, blob: Blob, target: Path, digests: Digests) -> Path:
    part = target.with_name(f"{target.name}.part")
    try:
        with part.open("wb") as content:
            for piece in blobs.pieces(blob):
                digests.update(piece)
                content.write(piece)
        _check(blob, part, digests.md5)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return part


def _large(blobs: BlobRequests, blob: Blob, target: Path, digests: Digests) -> Path:
    """Append ranges in order, so that the size of the part tells where to go on."""
    part = target.with_name(f"{target.name}.{blob.etag}.part")
    for other in target.parent.glob(f"{_escaped(target.name)}.*.part"):
        if other != part:
            other.unlink(missing_ok=True)  # of a blob that was replaced since
    with _one_large_file, part.open("a+b") as content:
        content.seek(0)
        while piece := content.read(PIECE):
            digests.update(piece)
        for piece in _ranges(blobs, blob, start=content.tell()):
            content.write(piece)
            digests.update(piece)
    try:
        _check(blob, part, digests.md5)
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


def _check(blob: Blob, part: Path, digest: bytes | None) -> None:
    if part.stat().st_size != blob.size or (blob.md5 is not None and blob.md5 != digest):
        raise WrongChecksum("it did not come as it was stored; try again")


def _escaped(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)
