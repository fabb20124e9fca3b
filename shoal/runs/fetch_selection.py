"""The outputs that are fetched, and the path of each. Pure."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath


class Unfetchable(Exception):
    """An output that has no place in the directory of results, with the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """All outputs of a run, or some of them."""

    stages: Collection[str] = ()
    """Names of stages; all where there are none."""
    tasks: Collection[str] = ()
    """Ids of tasks; all where there are none."""
    pattern: str | None = None
    """A pattern for the path below the task's folder; `*` matches any characters, also a slash."""
    flat: bool = False
    """Write all files into one directory, as TASK-FILE."""

    @property
    def words(self) -> str:
        """The options that select, as they are given to the command."""
        options = [("--stage", each) for each in self.stages] + [("--task", each) for each in self.tasks]
        return " ".join(f"{name} {value}" for name, value in (*options, ("--pattern", self.pattern)) if value)

    @property
    def prefix(self) -> str:
        """The beginning that the names of all selected outputs share, below the folder of the run."""
        if len(self.stages) != 1:
            return ""
        [stage] = self.stages
        return f"{stage}/" if len(self.tasks) != 1 else f"{stage}/{next(iter(self.tasks))}/"

    def has(self, name: str) -> bool:
        """Return True for an output STAGE/TASK/FILE that is selected."""
        stage, task, file = _parts(name)
        return (
            (not self.stages or stage in self.stages)
            and (not self.tasks or task in self.tasks)
            and (self.pattern is None or fnmatchcase(file, self.pattern))
        )

    def path(self, name: str) -> PurePosixPath:
        """Return the path of an output below the directory of results. Raises Unfetchable where it would leave it."""
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\0" in name:
            raise Unfetchable("it would be written outside of the directory")
        _, task, file = _parts(name)
        return PurePosixPath(f"{task}-{file.replace('/', '-')}") if self.flat and file else path


class TakenPaths:
    """Paths of files so far. Blob names can contain each other, as `a` and `a/b`; files cannot."""

    def __init__(self) -> None:
        self._files: dict[str, str] = {}
        self._folders: set[str] = {"."}

    def take(self, path: PurePosixPath, name: str) -> None:
        """Raises Unfetchable where an earlier output has the path, or a path above or below it."""
        text = str(path)
        above = list(_folders_of(text))
        other = next((self._files[part] for part in (text, *above) if part in self._files), None)
        if other is not None:
            raise Unfetchable(f"its file would be in the way of that of '{other}'")
        if text in self._folders:
            raise Unfetchable("other outputs need its path as a directory")
        self._files[text] = name
        self._folders.update(above)


def _folders_of(path: str) -> Iterator[str]:
    while slash := path.rpartition("/")[0]:
        yield (path := slash)


def _parts(name: str) -> tuple[str, str, str]:
    stage, _, rest = name.partition("/")
    task, _, file = rest.partition("/")
    return stage, task, file
