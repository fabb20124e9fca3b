"""The script behind `make demo`: it runs a sweep from start to results with nothing but the command `shoal`.

The pool starts without nodes, grows for the sweep, loses a Spot node in the middle of it and ends at zero.
The demo's service has its own state directory, so it does not disturb another one, and ends with the demo.
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
LIKE = os.environ.get("DEMO_LIKE", "laptop")
"""The cloud that the service simulates; `make demo-azure-like` sets it."""
JOB_FILE = Path("examples/var/job.yaml")
RESULTS = Path("results/var")
MERGED = RESULTS / "merge" / "merge"
"""The outputs of the stage `merge`, which is one task of that name."""
CONFIDENCE = "0.99"
NODES = ("nodes", "spot", "-s", "local", "--json")
PATIENCE = 120.0
POLL_INTERVAL = 0.2
"""PATIENCE and POLL_INTERVAL are in seconds."""


class StepFailed(Exception):
    """A command of the demo failed; it has printed the reason itself."""


def main() -> int:
    os.chdir(ROOT)
    signal.signal(signal.SIGTERM, _interrupt)
    began = time.monotonic()
    try:
        with service():
            shoal("up", "-s", "local", "-y")
            print(f"\nuntil the demo ends, see it in the browser, from another terminal:\n  {watching()}", flush=True)
            wait_for_nodes()
            job = shoal("submit", str(JOB_FILE), "-s", "local", *sys.argv[1:], capture=True).strip()
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
    """Run the embedded service during the demo. It is stopped even if it was only half started."""
    try:
        shoal("local", "start", "--state", str(STATE), "--port", "0")
        _run(("local", "chaos", "--like", LIKE), stdout=subprocess.DEVNULL)
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not leave the service behind
        shoal("local", "stop")


def shoal(*arguments: str, capture: bool = False) -> str:
    """Show and run the command; with `capture`, return its output. Raises StepFailed where it fails."""
    print(f"\n$ shoal {shlex.join(arguments)}", flush=True)
    return _run(arguments, stdout=subprocess.PIPE if capture else None)


def watching() -> str:
    """Return the command that opens the page of the stack, which is there while the demo's service runs."""
    return shlex.join(["env", f"SHOAL_STATE={ROOT / STATE}", str(BIN / "shoal"), "-C", str(ROOT), "ui", "-s", "local"])


def wait_for_nodes(*states: str) -> None:
    """Wait until the pool's nodes have these states; without states, until there are no nodes. Raises StepFailed."""
    deadline = time.monotonic() + PATIENCE
    while (current := [node["state"] for node in json.loads(_run(NODES, stdout=subprocess.PIPE))]) != list(states):
        if time.monotonic() > deadline:
            raise StepFailed(f"after {PATIENCE} s the pool's nodes are {current}, not {list(states)}")
        time.sleep(POLL_INTERVAL)
    print(f"\nnodes: {', '.join(states) or 'none'}", flush=True)


def _run(arguments: Sequence[str], *, stdout: int | None) -> str:
    # Popen rather than run(), which would kill the command on Ctrl-C: it ends by itself and cleans up.
    process = subprocess.Popen([BIN / "shoal", *arguments], env=_environment(), stdout=stdout, text=True)
    try:
        output, _ = process.communicate()
    except KeyboardInterrupt:
        process.send_signal(signal.SIGINT)
        process.wait()
        raise
    if process.returncode:
        raise StepFailed(f"shoal {arguments[0]} ended with exit code {process.returncode}")
    return output or ""


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
    """Return the table of median risks: one line per share, one column per horizon."""
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
    """Return the variables of an activated environment, so that `python3` on the nodes is the one of this clone."""
    return os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "SHOAL_STATE": str(ROOT / STATE)}


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
