"""Measure, print a table, and write `bench/results.json`. Each measurement has its own file and service.

With `--page` it also writes the page of figures: the record of the run, the page and its chart. Together with `--only`
it renews these rows, and keeps the others of the page.
"""

import argparse
import json
import os
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import accept_tasks
import deploy_stack
import forecast_run
import growth
import large_job
import move_files
import page
import render_tasks
import run_tasks
import scale_pools
import start
import task_files
from measurement import LeftOut, Measurement
from rows import ROWS
from service import ROOT

MEASUREMENTS: Mapping[str, Callable[[float], Iterator[Measurement | LeftOut]]] = {
    "accept": accept_tasks.measure,
    "run": run_tasks.measure,
    "files": task_files.measure,
    "transfer": move_files.measure,
    "render": render_tasks.measure,
    "large": large_job.measure,
    "growth": growth.measure,
    "scale": scale_pools.measure,
    "forecast": forecast_run.measure,
    "start": start.measure,
    "deploy": deploy_stack.measure,
}
LINE = "{:<42}{:>12} {:<10}{:>14}{:>9}"
DISTRIBUTIONS = ("shoal", "azure-batch", "azure-storage-blob", "urllib3", "uvicorn")


def main() -> None:
    arguments = _parser().parse_args()
    print(LINE.format("", "", "", "peer", "ratio"))
    results: list[dict[str, Any]] = []
    left_out: dict[str, str] = {}
    for name in arguments.only or MEASUREMENTS:
        for measurement in MEASUREMENTS[name](arguments.scale):
            if isinstance(measurement, LeftOut):
                left_out[measurement.name] = measurement.reason
                print(f"{measurement.name}: left out, {measurement.reason}")
                continue
            if measurement.name not in ROWS:
                raise KeyError(f"bench/rows.py does not say what '{measurement.name}' means")
            results.append(measurement.to_json())
            print(LINE.format(*_cells(measurement)), flush=True)
            arguments.out.write_text(json.dumps(results, indent=2) + "\n")
    print(f"\nwritten to {arguments.out}")
    if arguments.page is not None:
        earlier = _earlier(arguments.page, measured=results) if arguments.only else ([], {})
        write_page(arguments.page, [*earlier[0], *results], {**earlier[1], **left_out}, arguments.scale)


def write_page(folder: Path, results: Sequence[Mapping[str, Any]], left_out: Mapping[str, str], scale: float) -> None:
    """Write the record of a run, its page and its chart to a folder of documentation."""
    ordered = sorted(results, key=lambda result: list(ROWS).index(result["name"]))
    record = {"surroundings": surroundings(), "scale": scale, "results": ordered, "left_out": left_out}
    (folder / "benchmarks.json").write_text(page.as_text(record))
    (folder / "benchmarks.md").write_text(page.page(record))
    (folder / "images" / "benchmarks.svg").write_text(page.chart(ordered))


def _earlier(folder: Path, measured: Sequence[Mapping[str, Any]]) -> tuple[list[Mapping[str, Any]], dict[str, str]]:
    """Return the results of the page's record, and the reasons of rows without one, except for what was measured."""
    again = {result["name"] for result in measured}
    record = json.loads((folder / "benchmarks.json").read_text())
    reasons = {name: reason for name, reason in record["left_out"].items() if name not in again}
    return [result for result in record["results"] if result["name"] not in again], reasons


def surroundings() -> dict[str, str]:
    """Return what the figures depend on beside the code."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    one, _, fifteen = os.getloadavg()
    return {
        "Date": f"{datetime.now(UTC):%Y-%m-%d}",
        "System": f"{platform.system()} {platform.release()}, {platform.machine()}",
        "Processor": f"{os.cpu_count()} cores, {memory:.0f} GB memory",
        "Load at the end": f"{one:.1f} over a minute, {fifteen:.1f} over fifteen; the bench itself makes up to 3",
        "Python": platform.python_version(),
        "Versions": ", ".join(f"{name} {version(name)}" for name in DISTRIBUTIONS),
    }


def _cells(measurement: Measurement) -> list[str]:
    result = measurement.to_json()
    figures = [f"{value:,g}" if value is not None else "" for value in (result["value"], result["peer_value"])]
    return [result["name"], figures[0], result["unit"], figures[1], str(result["ratio"] or "")]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", choices=MEASUREMENTS, help="run only this measurement; repeatable")
    parser.add_argument("--scale", type=float, default=1.0, help="factor on the number of tasks (default: %(default)s)")
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).with_name("results.json"), help="file for the results"
    )
    parser.add_argument(
        "--page", type=Path, nargs="?", const=ROOT / "docs", help="write the page of figures here (default: docs)"
    )
    return parser


if __name__ == "__main__":
    main()
