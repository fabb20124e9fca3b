"""The map step: counts the words of one part, and puts each into the file of the task that will add it up."""

import argparse
import re
import zlib
from collections import Counter
from pathlib import Path
from typing import Dict

WORD = re.compile(rb"[A-Za-z]+")


def words(text: bytes) -> Dict[str, int]:
    return Counter(word.decode().lower() for word in WORD.findall(text))


def bucket(word: str, buckets: int) -> int:
    """Return the same number for a word on every machine, which `hash` does not."""
    return zlib.crc32(word.encode()) % buckets


def lines(counts: Dict[str, int]) -> str:
    return "".join(f"{word}\t{count}\n" for word, count in sorted(counts.items()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", type=Path)
    parser.add_argument("--buckets", type=int, required=True)
    given = parser.parse_args()
    counts = words(given.part.read_bytes())
    for number in range(given.buckets):
        own = {word: count for word, count in counts.items() if bucket(word, given.buckets) == number}
        Path(f"bucket-{number:03}.tsv").write_text(lines(own))
