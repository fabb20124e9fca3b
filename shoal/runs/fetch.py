"""Fetch a run's outputs: each file whole or not at all, and each only once."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from azure.storage.blob import BlobProperties, ContainerClient

from shoal.errors import WorkFailed
from shoal.runs.fetched_runs import write_note

IN_FLIGHT = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    folder: str
    files: int
    already_there: int
    bytes: int

    @property
    def summary(self) -> str:
        if self.files == 0:
            return "there are no outputs"
        return f"{self.files} files in {self.folder}, {self.files - self.already_there} of them fetched now"


def fetch(container: ContainerClient, run: str, folder: Path) -> Fetched:
    """Fetch the outputs in the folder of a run as STAGE/TASK/FILE. Each keeps its blob's time: same time and size, same
    file."""
    files: list[str] = []

    def targets() -> Iterator[tuple[BlobProperties, Path]]:
        for blob in _outputs(container, run):
            path = target(blob.name, run, folder)
            files.append(path.relative_to(folder).as_posix())
            yield blob, path

    try:
        with ThreadPoolExecutor(IN_FLIGHT) as pool:
            sizes = list(pool.map(lambda item: _fetch_file(container, *item), targets()))
    finally:
        write_note(folder, run, files)
    fetched = [size for size in sizes if size is not None]
    return Fetched(folder=str(folder), files=len(sizes), already_there=len(sizes) - len(fetched), bytes=sum(fetched))


def _outputs(container: ContainerClient, run: str) -> Iterator[BlobProperties]:
    return iter(container.list_blobs(name_starts_with=f"{run}/"))


def target(blob: str, run: str, folder: Path) -> Path:
    """Return the path of a blob's file. Raises WorkFailed for a name that would lead out of the folder."""
    path = PurePosixPath(blob.removeprefix(f"{run}/"))
    if path.is_absolute() or ".." in path.parts:
        raise WorkFailed(f"the output '{blob}' would be written outside of {folder}")
    return folder / path


def _fetch_file(container: ContainerClient, blob: BlobProperties, target: Path) -> int | None:
    """Fetch one file and return its size, or None for a file that is there already."""
    written = blob.last_modified.timestamp()
    if target.exists() and (target.stat().st_size, target.stat().st_mtime) == (blob.size, written):
        return None
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    with part.open("wb") as content:
        container.download_blob(blob.name).readinto(content)
    os.utime(part, (written, written))
    part.replace(target)
    return int(blob.size)
