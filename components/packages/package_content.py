"""The content of an application package: its files, its version, and its archive.

Only paths, modes and bytes count: the same content gives the same version and the same archive on every machine.
"""

import hashlib
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from ..component_errors import PackageError

EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a ZIP can hold, given to every entry so that times do not matter."""
VERSION_LENGTH = 16
UNPACKED = "__pycache__"
"""Directories that are left out, because Python writes them beside the sources whenever they run."""


def require_content(directory: Path) -> list[Path]:
    """Return the files to pack, in the order of their paths. Raises PackageError if there are none."""
    if not directory.is_dir():
        raise PackageError(f"the package's directory {directory} does not exist; it is relative to the project")
    files = sorted(_walk(directory), key=lambda file: file.relative_to(directory).as_posix())
    if not files:
        raise PackageError(f"the package's directory {directory} holds no file")
    return files


def content_version(directory: Path) -> str:
    """Return the hash of the content as a version that Batch accepts. Raises PackageError."""
    digest = hashlib.sha256()
    for file in require_content(directory):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        digest.update(f"{file.relative_to(directory).as_posix()}\0{_mode(file):o}\0{content}\n".encode())
    return digest.hexdigest()[:VERSION_LENGTH]


def require_version(name: str, directory: Path, pinned: str | None) -> None:
    """Check the content against the version that the stack pins. Raises PackageError."""
    version = content_version(directory)
    if pinned is not None and version != pinned:
        raise PackageError(
            f"package {name} has the content {version} in {directory}, and version {pinned} is pinned; "
            f"bring that content back, or pin version: {version}"
        )


def write_archive(directory: Path, target: IO[bytes]) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in require_content(directory):
            entry = zipfile.ZipInfo(file.relative_to(directory).as_posix(), EARLIEST)
            entry.create_system = 3  # Unix, whatever packs it: the mode is read only then
            entry.external_attr = (stat.S_IFREG | _mode(file)) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, file.read_bytes())


def _walk(directory: Path) -> Iterator[Path]:
    for entry in directory.iterdir():
        if entry.is_symlink():
            raise PackageError(
                f"{entry} is a symbolic link, which a ZIP cannot carry to every node; put the file there"
            )
        if entry.is_dir() and entry.name != UNPACKED:
            yield from _walk(entry)
        elif entry.is_file():
            yield entry


def _mode(file: Path) -> int:
    """Return the mode, executable or not as in Git; its other bits depend on the umask of the clone."""
    return 0o755 if file.stat().st_mode & stat.S_IXUSR else 0o644
