"""Writes small files whole or not at all: an interrupted command leaves the earlier content."""

from pathlib import Path

from shoal.errors import WorkFailed


def write_whole(target: Path, content: bytes) -> None:
    """Raises WorkFailed where the file cannot be written; nothing of it is left then."""
    part = target.with_name(f"{target.name}.part")
    try:
        part.write_bytes(content)
        part.replace(target)
    except OSError as exc:
        part.unlink(missing_ok=True)
        raise WorkFailed(f"{target} cannot be written: {exc.strerror}") from exc
