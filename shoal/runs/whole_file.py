"""Writes small files whole or not at all: an interrupted command leaves the earlier content."""

from pathlib import Path


def write_whole(target: Path, content: bytes) -> None:
    part = target.with_name(f"{target.name}.part")
    part.write_bytes(content)
    part.replace(target)
