"""The files of a state directory: private to their owner, and not to be begun anew where they were lost."""

import sqlite3
from pathlib import Path

from shoal.local.control import LOG_NAME, CannotStart

DATABASE = "batch.db"
RESERVE = "reserve"
LOGS_OF_DATABASE = (f"{DATABASE}-wal", f"{DATABASE}-shm")
NODES = "nodes"
FOLDERS = ("azurite", NODES)
PASSABLE = 0o711
"""The mode of a folder in which others may open what they know the name of, if that lets them."""
INDEXES_OF_BLOBS = ("__azurite_db_blob__.json", "__azurite_db_blob_extent__.json")
"""Azurite writes them at its first start, and replaces them whole. It takes an empty one for a new beginning."""


def keep_private(state_dir: Path) -> None:
    """Let nobody else read keys, blobs and files of nodes, in a directory of whatever mode.

    SQLite gives the files beside the database the mode of the database.
    """
    (state_dir / DATABASE).touch(mode=0o600)
    for name in (DATABASE, *LOGS_OF_DATABASE, LOG_NAME):
        if (state_dir / name).exists():
            (state_dir / name).chmod(0o600)
    for name in FOLDERS:
        if (state_dir / name).exists():
            (state_dir / name).chmod(0o700)


def let_pass(state_dir: Path) -> None:
    """Let task users reach the nodes' directories and the certificates. What else lies there is closed to them."""
    state_dir.chmod(state_dir.stat().st_mode | PASSABLE)
    for folder in (state_dir / NODES, state_dir / "https"):
        if folder.exists() or folder.name == NODES:
            folder.mkdir(exist_ok=True)
            folder.chmod(PASSABLE)


def require_not_lost(state_dir: Path) -> None:
    """Raise CannotStart where the database has no content, although there is more of an earlier state."""
    files = [state_dir / name for name in (DATABASE, LOGS_OF_DATABASE[0])]
    is_empty = all(not file.exists() or file.stat().st_size == 0 for file in files)
    rest = [name for name in FOLDERS if (state_dir / name).exists() and any((state_dir / name).iterdir())]
    if is_empty and rest:
        raise CannotStart(
            f"{state_dir / DATABASE} is empty or was removed, and {' and '.join(rest)} beside it are of an earlier "
            "state; put the file back, or remove the whole directory to start anew"
        )


def require_blobs_kept(state_dir: Path, *, were_served: bool) -> None:
    """Raise CannotStart where an index of the blobs is empty, or is gone although storage was served before."""
    for index in [state_dir / "azurite" / name for name in INDEXES_OF_BLOBS]:
        if index.stat().st_size == 0 if index.exists() else were_served:
            raise CannotStart(
                f"{index} is empty or was removed, so that no blob of the earlier state could be found; put the file "
                "back, or remove the whole directory to start anew"
            )


def identity(path: Path) -> tuple[int, int] | None:
    """Return the device and number of a file, by which another file of the same name is told from it."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


class DatabaseFiles:
    """The database and its write-ahead log, as they were when the service opened them."""

    def __init__(self, state_dir: Path) -> None:
        self.path = state_dir / DATABASE
        self.write_ahead_log, self.shared_memory = (state_dir / name for name in LOGS_OF_DATABASE)
        self.opened = self._present()

    def fault(self) -> str | None:
        """Return what has happened to a file on which committed changes depend, or None."""
        for (path, opened), present in zip(self.opened.items(), self._present().values(), strict=True):
            if present != opened:
                return f"{path} was {'removed' if present is None else 'replaced'}"
        return None

    def close(self, connection: sqlite3.Connection) -> None:
        """Close the connection; where a file was removed or replaced meanwhile, write the content anew first."""
        if self.fault() is None or not self.path.parent.exists():
            connection.close()
            return
        draft = self.path.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        draft.touch(mode=0o600)
        connection.execute("VACUUM INTO ?", (str(draft),))
        connection.close()
        # SQLite leaves these beside a database that is gone, and would play them over the one that is put back.
        for path in (self.write_ahead_log, self.shared_memory):
            path.unlink(missing_ok=True)
        if identity(self.path) not in (None, self.opened[self.path]):
            self.path.rename(self.path.with_suffix(".other"))
        draft.rename(self.path)

    def _present(self) -> dict[Path, tuple[int, int] | None]:
        return {path: identity(path) for path in (self.path, self.write_ahead_log)}
