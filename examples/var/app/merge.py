"""Merge the estimates below a directory into one CSV file and one chart."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Iterable

import chart
from estimate import Estimate, from_json


def main() -> None:
    parser = _parser()
    arguments = parser.parse_args()
    try:
        estimates = read_estimates(arguments.directory)
    except (OSError, ValueError) as exc:
        parser.error(str(exc))
    arguments.csv.write_text(table(estimates), encoding="utf-8")
    arguments.svg.write_text(chart.draw(estimates), encoding="utf-8")
    print(f"{len(estimates)} estimates merged into {arguments.csv} and {arguments.svg}")


def read_estimates(directory: Path) -> list[Estimate]:
    """Return all estimates below the directory, sorted; the names and the order of the files do not matter.

    Raises ValueError for a file that is no estimate, for two that disagree about one point, and for none at all.
    """
    estimates: dict[tuple[object, ...], Estimate] = {}
    for path in sorted(directory.rglob("*.json")):
        try:
            estimate = from_json(path.read_text(encoding="utf-8"))
        except ValueError as exc:
            raise ValueError(f"{path}: {exc}") from exc
        point = estimate[:5]
        if estimates.setdefault(point, estimate) != estimate:
            raise ValueError(f"{path} contradicts another file about {point}; remove the older one")
    if not estimates:
        raise ValueError(f"no JSON file below {directory}")
    return sorted(estimates.values())


def table(estimates: Iterable[Estimate]) -> str:
    lines = [",".join(Estimate._fields)]
    for estimate in estimates:
        *point, at_risk, shortfall = estimate
        lines.append(",".join([*map(str, point), f"{at_risk:.6f}", f"{shortfall:.6f}"]))
    return "\n".join(lines) + "\n"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("directory", type=Path, help="read every .json file below it")
    parser.add_argument("--csv", type=Path, required=True, help="the table to write")
    parser.add_argument("--svg", type=Path, required=True, help="the chart to write")
    return parser


if __name__ == "__main__":
    main()
