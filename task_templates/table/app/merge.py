"""Puts the lines of all loans below a folder into one table, with a line for all of them at its end."""

import sys
from decimal import Decimal
from pathlib import Path
from typing import List


def table(lines: List[str]) -> str:
    rows = sorted(line.strip().split(",") for line in lines)
    sums = (sum(Decimal(row[column]) for row in rows) for column in (1, 2))
    return "".join(",".join(row) + "\n" for row in [["loan", "payment", "interest"], *rows, ["all", *map(str, sums)]])


if __name__ == "__main__":
    folder, out = map(Path, sys.argv[1:])
    out.write_text(table([path.read_text() for path in folder.rglob("loan.csv")]))
