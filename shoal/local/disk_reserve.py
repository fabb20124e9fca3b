"""Space on the disk that the service gives up when the disk is full, so that it can go on recording what happens."""

import logging
import os
import shutil
from pathlib import Path

log = logging.getLogger(__name__)

SIZE = 16 << 20
"""Bytes; several times what the database's log grows to before it is written back."""
ROOM = 4
"""The disk must have so many times the reserve free before the reserve is made, and also once it was given up."""


class DiskReserve:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.is_short = False
        """The disk was full, and still is nearly so."""

    def refill(self) -> None:
        """Make the reserve where the disk has room for it."""
        if shutil.disk_usage(self.path.parent).free < ROOM * SIZE:
            return
        try:
            with self.path.open("ab") as file:
                os.posix_fallocate(file.fileno(), 0, SIZE)
        except OSError as exc:
            log.warning("no space on the disk could be reserved: %s", exc)
            self.path.unlink(missing_ok=True)
            return
        if self.is_short:
            log.warning("the disk has room again")
        self.is_short = False

    def give_up(self) -> bool:
        """Free the reserve. Return False where there is none."""
        if not self.is_short:
            log.error("the disk with %s is full: until there is room, nothing new is accepted", self.path.parent)
        self.is_short = True
        try:
            self.path.unlink()
        except FileNotFoundError:
            return False
        return True
