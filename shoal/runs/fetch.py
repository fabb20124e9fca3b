"""Fetch a run's outputs: each file whole or not at all, and each only once. A bad name does not stop the others."""

import errno
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from threading import Event
from typing import NamedTuple

from shoal.blob_requests import Blob, BlobChanged, BlobRequests
from shoal.connect import Services
from shoal.errors import BadInput, WorkFailed
from shoal.runs.download import WrongChecksum, download
from shoal.runs.fetch_selection import Selection, TakenPaths, Unfetchable
from shoal.runs.fetched_runs import write_note
from shoal.runs.file_checksums import FileChecksum, keep_checksums
from shoal.suggestion import suggestion

IN_FLIGHT = 8
SHOWN_PROBLEMS = 5
FULL = (errno.ENOSPC, errno.EDQUOT)
EVERYTHING = Selection()


class Problem(NamedTuple):
    """An output that was not fetched."""

    name: str
    reason: str


class Target(NamedTuple):
    """An output STAGE/TASK/FILE, its blob, and the file that it becomes."""

    name: str
    blob: Blob
    path: Path


Result = FileChecksum | None | Problem
"""Checksum of a fetched file, None for one that is there already, or the reason why it was not fetched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    folder: str
    files: int
    """Files that are there now."""
    already_there: int
    bytes: int
    """Bytes that were fetched now."""
    problems: list[Problem] = field(default_factory=list)
    """Outputs that were not fetched."""

    @property
    def summary(self) -> str:
        if self.files == 0 and not self.problems:
            return "there are no outputs"
        return f"{self.files} files in {self.folder}, {self.files - self.already_there} of them fetched now"

    def refuse_problems(self) -> None:
        """Raises WorkFailed that names the first outputs that were not fetched."""
        if not self.problems:
            return
        shown = [f"\n  {name}: {reason}" for name, reason in self.problems[:SHOWN_PROBLEMS]]
        more = len(self.problems) - len(shown)
        rest = f"\n  and {more} more" if more else ""
        raise WorkFailed(f"{len(self.problems)} outputs were not fetched:{''.join(shown)}{rest}")


def fetch(services: Services, run: str, folder: Path, selection: Selection = EVERYTHING) -> Fetched:
    """Fetch the selected outputs in the folder of a run as STAGE/TASK/FILE.

    Each file keeps its blob's time: same time and size, same file. Raises BadInput where nothing is selected or the
    folder cannot be written, and WorkFailed where the disk is full.
    """
    _make(folder)
    container, files, problems = services.environment.containers.outputs, list[str](), list[Problem]()
    # Ranges of a large file have connections beside those of the small ones.
    blobs = services.blob_requests(container, 2 * IN_FLIGHT)

    def targets() -> Iterator[Target]:
        taken = TakenPaths()
        for name, blob in _selected(blobs, run, selection):
            try:
                path = selection.path(name)
                taken.take(path, name)
            except Unfetchable as exc:
                problems.append(Problem(name, str(exc)))
            else:
                files.append(path.as_posix())
                yield Target(name, blob, folder / path)

    try:
        results = _all(lambda target: _fetch_one(blobs, target), targets())
    finally:
        write_note(folder, run, files)
    fetched = {file: result for file, result in zip(files, results, strict=True) if isinstance(result, FileChecksum)}
    keep_checksums(folder, fetched)
    problems += [result for result in results if isinstance(result, Problem)]
    if not files and not problems and selection != EVERYTHING:
        _refuse_selection(services, run, selection)
    there = results.count(None)
    total = sum(checksum.size for checksum in fetched.values())
    return Fetched(folder=str(folder), files=there + len(fetched), already_there=there, bytes=total, problems=problems)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise BadInput(f"the directory {folder} cannot be made: {exc.strerror}; choose another one with --out") from exc


def _selected(blobs: BlobRequests, run: str, selection: Selection) -> Iterator[tuple[str, Blob]]:
    for blob in blobs.listed(f"{run}/{selection.prefix}"):
        name = blob.name.removeprefix(f"{run}/")
        if selection.has(name):
            yield name, blob


def _all(fetch_one: Callable[[Target], Result], targets: Iterator[Target]) -> list[Result]:
    """Fetch by several threads while targets are still being listed, and return the results in their order."""
    # A queue, as a future for each file would take longer than a small file itself.
    waiting, results = SimpleQueue[tuple[int, Target] | None](), dict[int, Result]()
    is_over = Event()

    def work() -> None:
        try:
            while (item := waiting.get()) is not None and not is_over.is_set():
                number, target = item
                results[number] = fetch_one(target)
        except BaseException:
            is_over.set()
            raise

    with ThreadPoolExecutor(IN_FLIGHT) as threads:
        workers = [threads.submit(work) for _ in range(IN_FLIGHT)]
        try:
            for item in enumerate(targets):
                if is_over.is_set():
                    break
                waiting.put(item)
        except BaseException:
            # Without this, Ctrl-C would wait for all that has not begun.
            is_over.set()
            raise
        finally:
            for _ in workers:
                waiting.put(None)
        _wait(workers, is_over)
    return [results[number] for number in range(len(results))]


def _wait(workers: Sequence[Future[None]], is_over: Event) -> None:
    """Raises the error of a worker, after which the others end with the file that they are at."""
    try:
        for worker in as_completed(workers):
            worker.result()
    except BaseException:
        is_over.set()
        raise


def _fetch_one(blobs: BlobRequests, target: Target) -> Result:
    try:
        return download(blobs, target.blob, target.path)
    except (BlobChanged, WrongChecksum) as exc:
        return Problem(target.name, str(exc))
    except OSError as exc:
        if exc.errno in FULL:
            raise WorkFailed(
                f"there is no space left for {target.path}; what was fetched is whole, and fetching again goes on"
            ) from exc
        return Problem(target.name, f"{target.path} cannot be written: {exc.strerror or exc}")


def _refuse_selection(services: Services, run: str, selection: Selection) -> None:
    """Raises BadInput, unless the run has no outputs at all."""
    from azure.storage.blob import BlobPrefix

    container = services.blobs.get_container_client(services.environment.containers.outputs)
    walked = container.walk_blobs(name_starts_with=f"{run}/", delimiter="/")
    stages = [item.name.removeprefix(f"{run}/").rstrip("/") for item in walked if isinstance(item, BlobPrefix)]
    for stage in selection.stages:
        if stages and stage not in stages:
            raise BadInput(f"no stage '{stage}' has outputs; {suggestion(stage, stages)}")
    if stages:
        raise BadInput(
            f"no output is selected by {selection.words}; "
            "`shoal fetch` without --stage, --task and --pattern fetches all of them"
        )
