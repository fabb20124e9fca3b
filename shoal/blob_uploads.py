"""One file becomes one blob: whole or not at all, and a large one in blocks, several at once."""

import base64
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from types import MappingProxyType
from uuid import uuid4

from shoal.blob_requests import BlobRequests

BLOCK = 8 << 20
"""Bytes of a block. Files up to this size are sent in one request."""
MOST_BLOCKS = 50_000
"""Source: Azure Storage, Scalability and performance targets for Blob storage: blocks of one blob."""
BLOCKS_IN_FLIGHT = 4
NO_HEADERS: Mapping[str, str] = MappingProxyType({})
NEVER_REPLACE: Mapping[str, str] = MappingProxyType({"If-None-Match": "*"})
"""Headers by which a blob that is there stays as it is."""
_one_large_file = Lock()
"""Blocks are held in memory until they are stored: one such file at a time bounds that."""


class ChangedMeanwhile(OSError):
    """The file became shorter while it was read."""


def upload(blobs: BlobRequests, source: Path, name: str, headers: Mapping[str, str] = NO_HEADERS) -> None:
    """Store the file's content as a blob, with headers of the Put Blob request.

    Raises OSError and errors of azure-core, as `BlobRequests.put` does; what was there before is then unchanged.
    """
    with source.open("rb") as content:
        size = os.fstat(content.fileno()).st_size
        if size <= BLOCK:
            blobs.put(name, content.read(), headers)
        else:
            with _one_large_file:
                blobs.put_block_list(name, _put_blocks(blobs, name, content.fileno(), size), headers)


def _put_blocks(blobs: BlobRequests, name: str, file: int, size: int) -> list[str]:
    """Store the file in blocks and return their ids."""
    length = max(BLOCK, -(-size // MOST_BLOCKS))
    upload_id = uuid4().hex  # another upload of the same name must not put its blocks among these

    def put(first: int) -> str:
        block = base64.b64encode(f"{upload_id}{first // length:05}".encode()).decode()
        blobs.put_block(name, block, _piece(file, first, min(length, size - first)))
        return block

    with ThreadPoolExecutor(BLOCKS_IN_FLIGHT) as threads:
        try:
            return list(threads.map(put, range(0, size, length)))
        except BaseException:
            threads.shutdown(cancel_futures=True)  # else the rest would be sent in vain
            raise


def _piece(file: int, first: int, length: int) -> bytes:
    piece = os.pread(file, length, first)
    if len(piece) != length:
        raise ChangedMeanwhile("it became shorter while it was uploaded")
    return piece
