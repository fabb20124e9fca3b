"""What `make demo` runs: from a clone to the results of a sweep, through the command `shoal` alone, as a person would.

The service of the demo has a state directory of its own, so that it disturbs no other, and ends with the demo.
"""

import csv
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


class StepFailed(Exception):
    """A command of the demo did not succeed; it has said why."""


def main() -> int:
    os.chdir(ROOT)
    signal.signal(signal.SIGTERM, _interrupt)
    began = time.monotonic()
    try:
        with service():
            shoal("up", "-s", "local", "-y")
            shoal("run", str(JOB_FILE), "-s", "local", "--out", str(RESULTS), *sys.argv[1:])
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


def shoal(*arguments: str) -> None:
    """Show the command and run it. Raises StepFailed where it does not end with 0."""
    print(f"\n$ shoal {shlex.join(arguments)}", flush=True)
    process = subprocess.Popen([BIN / "shoal", *arguments], env=_environment())
    try:
        code = process.wait()
    except KeyboardInterrupt:
        process.send_signal(signal.SIGINT)
        process.wait()
        raise
    if code:
        raise StepFailed(f"shoal {arguments[0]} ended with exit code {code}")


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
