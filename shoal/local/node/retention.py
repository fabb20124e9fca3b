"""Deletes task directories when their retention time is over.

Source: REST reference, TaskConstraints, retentionTime. A node may keep the directories of a million tasks, so they are
noted in files, one for each moment at which some are due, and nothing of them is kept in memory but those moments.
"""

import logging
import math
import os
import shutil
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

log = logging.getLogger(__name__)

STEPS = ((60, 1), (24 * 3600, 60), (math.inf, 3600))
"""Up to how long a retention time, in seconds, shares its moments with others, and the seconds between those."""


class Kept(NamedTuple):
    """The directory of a run that has ended."""

    root: str
    """Its path below the node's root."""
    ended: int
    """Microseconds since 1970."""
    retention: float
    """Seconds."""


class Retention:
    def __init__(self, *, root: Path, folder: Path) -> None:
        """`folder` keeps the notes about directories below `root`."""
        self.root = root
        self.folder = folder
        self.moments: set[int] = set()
        self.opened: tuple[int, int] | None = None
        """The moment of the latest notes, and their descriptor."""

    def take_up(self) -> None:
        """Read which moments an earlier agent of the node has noted."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.moments = {int(note.name) for note in self.folder.iterdir()}

    def note(self, ended: Iterable[Kept]) -> None:
        """Note when the directories of ended runs are to be deleted."""
        lines: dict[int, list[str]] = {}
        for kept in ended:
            # Later than now: a moment that has come may be taken already.
            lines.setdefault(max(due(kept), int(time.time()) + 1), []).append(f"{kept.ended} {kept.root}\n")
        for moment, noted in lines.items():
            try:
                os.write(self._opened(moment), "".join(noted).encode())
            except OSError as exc:
                # A full disk must not end the agent. These directories stay until their job or their node goes.
                log.warning("the retention time of %d tasks will not be kept: %s", len(noted), exc)
                continue
            self.moments.add(moment)

    def _opened(self, moment: int) -> int:
        """Return a descriptor of the notes for a moment, which is kept: most tasks share theirs with the one before."""
        if self.opened is None or self.opened[0] != moment:
            if self.opened is not None:
                os.close(self.opened[1])
                self.opened = None
            path = self.folder / str(moment)
            self.opened = moment, os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        return self.opened[1]

    @property
    def next_moment(self) -> float:
        return min(self.moments, default=math.inf)

    def take_due(self) -> list[int]:
        """Return the moments that have come, which are then no longer expected."""
        now = time.time()
        reached = [moment for moment in self.moments if moment <= now]
        self.moments.difference_update(reached)
        return reached

    def delete(self, moments: Iterable[int]) -> None:
        """Delete the directories that were due at these moments, beside an agent that notes others."""
        for moment in moments:
            note = self.folder / str(moment)
            for line in note.read_text().splitlines():
                ended, root = line.split(" ", 1)
                _delete(self.root / root, int(ended))
            note.unlink()


def due(kept: Kept) -> int:
    """Return the moment at which a directory is deleted, in whole seconds: not before its retention time is over."""
    step = next(step for longest, step in STEPS if kept.retention < longest)
    return math.ceil((kept.ended / 1e6 + kept.retention) / step) * step


def _delete(directory: Path, ended: int) -> None:
    """Delete a task's directory, unless the task has run there again since."""
    try:
        # Made anew by each run, before its process starts.
        again = (directory / "stdout.txt").stat().st_ctime_ns > ended * 1000
    except OSError:
        again = False
    if not again:
        shutil.rmtree(directory, ignore_errors=True)
