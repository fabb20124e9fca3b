"""Limits on what a package may unpack to, so that a small archive cannot fill the disk."""

import shutil
import zipfile
from pathlib import Path

from shoal.local.disk_reserve import ROOM, SIZE

ALWAYS_ALLOWED = 1 << 30
"""Bytes that any archive may unpack to, however small it is."""
MOST_RATIO = 100
"""Program files become 2 to 5 times smaller, text 10 times, and only what was made for it 1,000 times."""
KEPT_FREE = ROOM * SIZE
"""Bytes: with less, the service accepts nothing new."""


class ArchiveTooLarge(Exception):
    """The unpacked files would be more than is allowed, or than there is room for."""


def check(content: zipfile.ZipFile, archive: Path) -> None:
    """Raise ArchiveTooLarge before anything is unpacked; zipfile unpacks no more of an entry than it declares."""
    reason = excess(
        unpacked=sum(entry.file_size for entry in content.infolist()),
        packed=archive.stat().st_size,
        free=shutil.disk_usage(archive.parent).free,
    )
    if reason is not None:
        raise ArchiveTooLarge(reason)


def excess(*, unpacked: int, packed: int, free: int) -> str | None:
    """Return the reason to refuse an archive by its sizes in bytes, or None."""
    if unpacked > ALWAYS_ALLOWED and unpacked > MOST_RATIO * packed:
        return (
            f"its {packed} bytes unpack to {unpacked}, which is more than {MOST_RATIO} times as much; "
            f"up to {ALWAYS_ALLOWED} bytes are always allowed"
        )
    if unpacked > free - KEPT_FREE:
        return f"it unpacks to {unpacked} bytes, and the disk has {free} free, of which {KEPT_FREE} stay free"
    return None
