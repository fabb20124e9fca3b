"""Puts the scores of all folds below a folder together: a table, the best parameters first."""

import json
import sys
from collections import defaultdict
from pathlib import Path
from statistics import mean
from typing import DefaultDict, Dict, List, Tuple


def ranking(scores: List[Dict[str, float]]) -> List[Tuple[float, float, float]]:
    """Return the mean accuracy, C and gamma of each combination, the best first."""
    accuracies: DefaultDict[Tuple[float, float], List[float]] = defaultdict(list)
    for score in scores:
        accuracies[score["c"], score["gamma"]].append(score["accuracy"])
    rows = [(mean(sorted(values)), c, gamma) for (c, gamma), values in accuracies.items()]
    return sorted(rows, key=lambda row: (-row[0], row[1], row[2]))


def table(rows: List[Tuple[float, float, float]]) -> str:
    lines = (f"{accuracy:.6f},{c:g},{gamma:g}\n" for accuracy, c, gamma in rows)
    return "accuracy,c,gamma\n" + "".join(lines)


if __name__ == "__main__":
    folder, out = map(Path, sys.argv[1:])
    out.write_text(table(ranking([json.loads(path.read_text()) for path in folder.rglob("score.json")])))
