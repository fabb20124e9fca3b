"""A directory of results holds the files of one run of a job: those of an earlier run are moved out of the way.

A note beside the directory names the run and its files. It is not in the directory, where programs that read the
results would find it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from shoal.runs.whole_file import write_whole

SUFFIX = ".shoal-run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    run: str
    """The folder of the run in storage."""
    files: Sequence[str]


def make_room(folder: Path, run: str) -> Path | None:
    """Move the files of an earlier run of the same job beside the folder. Return their place, or None without any."""
    note = read_note(folder)
    if note is None or note.run == run or _job(note.run) != _job(run):
        return None
    earlier = folder.resolve().with_name(f"{folder.resolve().name}.{note.run.rpartition('.')[2]}")
    there = [file for file in note.files if (folder / file).is_file()]
    for file in there:
        _move(folder, earlier, file)
    return earlier if there else None


def fetched_runs(directory: Path) -> Iterator[str]:
    """Return the folders of the runs that were fetched to directories in this one."""
    for path in directory.glob(f".*{SUFFIX}"):
        note = read_note(directory / path.name.removeprefix(".").removesuffix(SUFFIX))
        if note is not None:
            yield note.run


def read_note(folder: Path) -> Note | None:
    """Return the note of a directory of results, or None where there is none."""
    try:
        return Note(**orjson.loads(_note_of(folder).read_bytes()))
    except (FileNotFoundError, NotADirectoryError, ValueError, TypeError):
        return None


def write_note(folder: Path, run: str, files: Sequence[str]) -> None:
    """Note the files of a run, beside those that were fetched of it before."""
    if files:
        before = read_note(folder)
        files = [*dict.fromkeys([*(before.files if before and before.run == run else ()), *files])]
        # Without a note, the files would count as those of no run.
        write_whole(_note_of(folder), orjson.dumps(Note(run=run, files=files)))


def _note_of(folder: Path) -> Path:
    return folder.resolve().with_name(f".{folder.resolve().name}{SUFFIX}")


def _move(folder: Path, earlier: Path, file: str) -> None:
    (earlier / file).parent.mkdir(parents=True, exist_ok=True)
    (folder / file).replace(earlier / file)
    parent = (folder / file).parent
    while parent != folder and not any(parent.iterdir()):
        parent.rmdir()
        parent = parent.parent


def _job(run: str) -> str:
    return run.partition(".")[0]
