"""Where temporary files of a measurement lie: the disk decides how fast directories and small files are made."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MEMORY = Path("/dev/shm")  # the directory exists on Linux only


@contextmanager
def files_in(folder: Path) -> Iterator[None]:
    """Let all temporary files be made in this folder, those of services included."""
    before = tempfile.tempdir
    tempfile.tempdir = str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before
