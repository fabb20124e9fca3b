"""Throws points at a square and writes how many of them fell into the circle. Runs with the Python of the node."""

import argparse
import json
import random
from pathlib import Path


def hits(draws: int, seed: int) -> int:
    source = random.Random(seed)
    return sum(source.random() ** 2 + source.random() ** 2 <= 1 for _ in range(draws))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    found = {"seed": given.seed, "draws": given.draws, "hits": hits(given.draws, given.seed)}
    given.out.write_text(json.dumps(found))
