"""Splits the text in a folder into parts of about the same size, between lines. Without a folder: Python's sources."""

import argparse
import sysconfig
from pathlib import Path
from typing import Iterator, List


def lines_of(folder: Path, pattern: str) -> Iterator[bytes]:
    for path in sorted(folder.glob(pattern)):
        text = path.read_bytes()
        yield from (text if text.endswith(b"\n") else text + b"\n").splitlines(keepends=True)


def parts(lines: List[bytes], number: int) -> List[bytes]:
    """Return the lines in this many parts, in order; the last ones are empty if there are too few lines."""
    share = -(-sum(map(len, lines)) // number)
    grouped: List[List[bytes]] = [[] for _ in range(number)]
    before = 0
    for line in lines:
        grouped[before // share].append(line)
        before += len(line)
    return [b"".join(group) for group in grouped]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path(sysconfig.get_path("stdlib")))
    parser.add_argument("--pattern", default="*.py")
    parser.add_argument("--parts", type=int, required=True)
    given = parser.parse_args()
    for number, part in enumerate(parts(list(lines_of(given.folder, given.pattern)), given.parts)):
        Path(f"part-{number:03}.txt").write_bytes(part)
