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


def put_back(connection: sqlite3.Connection, path: Path) -> None:
    """Close the connection; where its file was removed meanwhile, write the content to a file of the same name."""
    if path.exists() or not path.parent.exists():
        connection.close()
        return
    draft = path.with_suffix(".draft")
    draft.touch(mode=0o600)
    connection.execute("VACUUM INTO ?", (str(draft),))
    # Closing removes the write-ahead log, which would be taken for the log of the file put back.
    connection.close()
    draft.rename(path)
