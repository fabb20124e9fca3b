"""Puts the estimates below a directory together: a table with a line for each seed and one for all of them."""

import json
import sys
from pathlib import Path


def table(estimates: list) -> str:
    rows = sorted((one["seed"], one["draws"], one["hits"]) for one in estimates)
    rows.append(("all", sum(row[1] for row in rows), sum(row[2] for row in rows)))
    lines = [f"{seed},{draws},{4 * hits / draws:.6f}" for seed, draws, hits in rows]
    return "\n".join(["seed,draws,estimate", *lines]) + "\n"


if __name__ == "__main__":
    folder, out = map(Path, sys.argv[1:])
    out.write_text(table([json.loads(path.read_text()) for path in folder.rglob("*.json")]))
