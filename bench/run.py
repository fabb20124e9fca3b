"""Measure, print a table, and write `bench/results.json`. Each measurement has its own file and service."""

import argparse
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import accept_tasks
import deploy_stack
import forecast_run
import render_tasks
import run_tasks
import scale_pools
import start
from measurement import Measurement

MEASUREMENTS: Mapping[str, Callable[[float], Iterator[Measurement]]] = {
    "accept": accept_tasks.measure,
    "run": run_tasks.measure,
    "render": render_tasks.measure,
    "scale": scale_pools.measure,
    "forecast": forecast_run.measure,
    "start": start.measure,
    "deploy": deploy_stack.measure,
}
LINE = "{:<34}{:>12} {:<9}{:>14}{:>9}"


def main() -> None:
    arguments = _parser().parse_args()
    print(LINE.format("", "", "", "peer", "ratio"))
    results = []
    for name in arguments.only or MEASUREMENTS:
        for measurement in MEASUREMENTS[name](arguments.scale):
            results.append(measurement.to_json())
            print(LINE.format(*_cells(measurement)), flush=True)
    arguments.out.write_text(json.dumps(results, indent=2) + "\n")
    print(f"\nwritten to {arguments.out}")


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
    return parser


if __name__ == "__main__":
    main()
