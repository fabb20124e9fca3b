"""Draw the screen of `shoal watch` for its page: watch_screens.py DIRECTORY

The state of the job is made up, so that the same code gives the same pictures. The screen is the real one.
"""

import sys
from pathlib import Path

from terminal_picture import terminal_picture

from shoal.cli.job_screen import JobScreen
from shoal.runs.job_details import Details
from shoal.runs.pool_cost import NodeTally
from shoal.runs.progress import Counts, Snapshot
from shoal.runs.stage_counts import StageView
from shoal.runs.why.failure_kinds import FailedTask, FailureKind, Failures

WIDTHS = (80, 120)


def main() -> None:
    for width in WIDTHS:
        (Path(sys.argv[1]) / f"watch-{width}.svg").write_text(picture(width), encoding="utf-8")


def picture(width: int) -> str:
    failure = "failed: simulate-7-1f0c: exit code 137: killed (SIGKILL), mostly out of memory"
    return terminal_picture("shoal watch nightly", [failure, screen().rendered()], width, f"watch-{width}")


def screen() -> JobScreen:
    killed = FailedTask(id="simulate-7-1f0c", exit_code=137, code="FailureExitCode", stderr="")
    missing = FailedTask(id="simulate-9-07aa", exit_code=1, code="FailureExitCode", stderr="no prices for 2026-02-30\n")
    return JobScreen(
        job_id="nightly",
        is_embedded=False,
        history=[_snapshot(0, 3100), _snapshot(30, 3526)],
        details=Details(
            pool="spot",
            stages=(
                StageView(name="split", total=100, completed=100, running=0),
                StageView(name="simulate", total=8000, completed=3426, running=64),
                StageView(name="merge", total=1, completed=0, running=0),
            ),
            nodes=NodeTally(dedicated={"running": 1}, spot={"running": 15, "starting": 4, "preempted": 1}),
            cost=3.86,
        ),
        failures=Failures(
            total=14, kinds=(FailureKind(tasks=13, example=killed), FailureKind(tasks=1, example=missing))
        ),
    )


def _snapshot(at: float, completed: int) -> Snapshot:
    counts = Counts(active=8101 - 64 - completed, running=64, succeeded=completed - 14, failed=14)
    return Snapshot(at=at, counts=counts, job_state="active")


if __name__ == "__main__":
    main()
