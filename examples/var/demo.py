"""What `make demo` runs: from a clone to the results of a sweep, through the command `shoal` alone, as a person would.

The pool has no node at first, grows for the sweep, loses a Spot node in the middle of it and has none again afterwards.
The service of the demo has a state directory of its own, so that it disturbs no other, and ends with the demo.
"""

import csv
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from types import FrameType

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
STATE = Path(".shoal/demo")
JOB_FILE = Path("examples/var/job.yaml")
RESULTS = Path("results/var")
MERGED = RESULTS / "merge" / "merge"
"""The outputs of the stage `merge`, which is one task of that name."""
CONFIDENCE = "0.99"
NODES = ("nodes", "spot", "-s", "local", "--json")
PATIENCE = 120.0
LOOK_EVERY = 0.2
"""Seconds, both."""


class StepFailed(Exception):
    """A command of the demo did not succeed; it has said why."""


def main() -> int:
    os.chdir(ROOT)
    signal.signal(signal.SIGTERM, _interrupt)
    began = time.monotonic()
    try:
        with service():
            shoal("up", "-s", "local", "-y")
            wait_for_nodes()
            job = shoal("submit", str(JOB_FILE), "-s", "local", *sys.argv[1:], answers=True).strip()
            wait_for_nodes("running", "running", "running")
            shoal("local", "chaos", "--preempt", "any")
            shoal("watch", job, "-s", "local")
            shoal("fetch", job, "-s", "local", "--out", str(RESULTS))
            wait_for_nodes()
    except StepFailed as exc:
        print(f"\n{exc}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return 130
    report(seconds=time.monotonic() - began)
    return 0


@contextmanager
def service() -> Iterator[None]:
    """The embedded service while the demo runs. It is stopped also where it was only half started."""
    try:
        shoal("local", "start", "--state", str(STATE), "--port", "0")
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        shoal("local", "stop")


def shoal(*arguments: str, answers: bool = False) -> str:
    """Show the command and run it; its answer, where that is asked for. Raises StepFailed unless it ends with 0."""
    print(f"\n$ shoal {shlex.join(arguments)}", flush=True)
    return _run(arguments, stdout=subprocess.PIPE if answers else None)


def wait_for_nodes(*states: str) -> None:
    """Until the pool's nodes are in these states; no states are no nodes. Raises StepFailed when it takes too long."""
    deadline = time.monotonic() + PATIENCE
    while (seen := [node["state"] for node in json.loads(_run(NODES, stdout=subprocess.PIPE))]) != list(states):
        if time.monotonic() > deadline:
            raise StepFailed(f"after {PATIENCE} s the pool's nodes are {seen}, not {list(states)}")
        time.sleep(LOOK_EVERY)
    print(f"\nnodes: {', '.join(states) or 'none'}", flush=True)


def _run(arguments: Sequence[str], *, stdout: int | None) -> str:
    process = subprocess.Popen([BIN / "shoal", *arguments], env=_environment(), stdout=stdout, text=True)
    try:
        answer, _ = process.communicate()
    except KeyboardInterrupt:
        process.send_signal(signal.SIGINT)
        process.wait()
        raise
    if process.returncode:
        raise StepFailed(f"shoal {arguments[0]} ended with exit code {process.returncode}")
    return answer or ""


def report(*, seconds: float) -> None:
    table, chart = MERGED / "var.csv", MERGED / "var.svg"
    with table.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    print(
        f"\nLargest loss with {float(CONFIDENCE):.0%} confidence, as a share of the position (median over the seeds)\n"
    )
    for line in pivot(rows):
        print("  " + line)
    print(f"\n  table   {table}  ({len(rows)} estimates)\n  chart   {chart}\n  time    {seconds:.1f} s")


def pivot(rows: Sequence[Mapping[str, str]]) -> list[str]:
    """A line a share, a column a horizon."""
    risks: dict[tuple[str, int], list[float]] = defaultdict(list)
    for row in rows:
        if row["confidence"] == CONFIDENCE:
            risks[row["ticker"], int(row["horizon"])].append(float(row["value_at_risk"]))
    horizons = sorted({horizon for _, horizon in risks})
    header = f"{'share':<8}" + "".join(f"{f'{horizon} mo':>8}" for horizon in horizons)
    body = (
        f"{ticker:<8}" + "".join(f"{median(risks[ticker, horizon]):>8.1%}" for horizon in horizons)
        for ticker in sorted({ticker for ticker, _ in risks})
    )
    return [header, *body]


def _environment() -> dict[str, str]:
    """As in an activated environment, so that the nodes' `python3` is the one that was set up."""
    return os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "SHOAL_STATE": str(ROOT / STATE)}


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
