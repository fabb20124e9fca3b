"""The folder that outputs are fetched into, looked at before the work that makes them."""

import os
from pathlib import Path

from shoal.errors import BadInput


def refuse_unwritable(folder: Path) -> None:
    """Raise BadInput where outputs could not be written into the folder. Creates nothing."""
    try:
        there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    except (OSError, ValueError) as exc:
        raise BadInput(f"outputs cannot be written to {str(folder)!r}: {exc}") from exc
    if not there.is_dir():
        raise BadInput(f"outputs cannot be written to {folder}: {there} is a file; choose another --out")
    if not os.access(there, os.W_OK | os.X_OK):
        raise BadInput(f"outputs cannot be written to {folder}: {there} is read-only; choose another --out")
