"""The reduce step: adds up the counts in all files below a folder. With --by-count, the most frequent word is first."""

import argparse
from collections import Counter
from pathlib import Path
from typing import Dict, List, Tuple


def totals(folder: Path) -> Dict[str, int]:
    counts: Dict[str, int] = Counter()
    for path in folder.rglob("*.tsv"):
        for line in path.read_text().splitlines():
            word, count = line.split("\t")
            counts[word] += int(count)
    return counts


def by_count(counted: Tuple[str, int]) -> Tuple[int, str]:
    return -counted[1], counted[0]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--by-count", action="store_true")
    given = parser.parse_args()
    rows: List[Tuple[str, int]] = sorted(totals(given.folder).items(), key=by_count if given.by_count else None)
    given.out.write_text("".join(f"{word}\t{count}\n" for word, count in rows))
