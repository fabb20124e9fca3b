"""Draw the screen of `shoal top` for its page: top_screens.py DIRECTORY

The state of the stack is made up, so that the same code gives the same pictures. The screen is the real one.
"""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from terminal_picture import terminal_picture

from shoal.cli.stack_glance import Failure, Glance, JobGlance, PoolGlance
from shoal.cli.stack_screen import RowKey, Seen, StackScreen, View
from shoal.runs.listing import JobRow, TaskRow
from shoal.runs.pool_listing import FormulaResult, PoolRow
from shoal.runs.progress import Counts
from shoal.ui.stack_view import cost_now

SIZES = {80: 16, 120: 18}
"""Heights of the pictures by their widths."""
NOW = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)


def main() -> None:
    for width in SIZES:
        (Path(sys.argv[1]) / f"top-{width}.svg").write_text(picture(width), encoding="utf-8")


def picture(width: int) -> str:
    return terminal_picture("shoal top -s dev", [screen(width, SIZES[width]).rendered()], width, f"top-{width}")


def screen(width: int, height: int, view: View | None = None) -> StackScreen:
    chosen = view or View(chosen=RowKey(kind="job", name="render-0302"))
    return StackScreen(seen=Seen(glance=glance()), view=chosen, width=width, height=height)


def glance() -> Glance:
    pools = [
        _pool("spot", {"running": 15, "idle": 2, "starting": 4, "preempted": 1}, busy=64, cost=1.61),
        _pool("gpu", {}, busy=0, cost=0.0, error="AllocationTimedout: desired number of nodes could not be allocated"),
    ]
    return Glance(
        stack="dev",
        project="pricing",
        is_embedded=False,
        read_at=NOW,
        pools=pools,
        jobs=[
            _job(
                "nightly-0302", "spot", Counts(active=4511, running=64, succeeded=3412, failed=14), speed=14.2, left=324
            ),
            _job(
                "render-0302",
                "gpu",
                Counts(active=240),
                waits_for="pool gpu has no nodes, and gets none: quota is used up",
            ),
            _job("nightly-0301", "spot", Counts(succeeded=8101), ended=True),
        ],
        more_jobs=0,
        failures=[
            _failure("nightly-0302", "simulate-7-1f0c", "exit code 137: killed (SIGKILL), mostly out of memory", 40),
            _failure("nightly-0302", "simulate-9-07aa", "exit code 1", 95),
        ],
        cost=cost_now([pool.row for pool in pools]),
    )


def _pool(name: str, states: dict[str, int], *, busy: int, cost: float, error: str = "") -> PoolGlance:
    nodes = sum(states.values())
    formula = FormulaResult(at=NOW, targets="$TargetDedicatedNodes=0;$TargetLowPriorityNodes=24", error=None)
    row = PoolRow(
        pool=name,
        id=f"pricing-{name}",
        vm_size="standard_d4s_v5",
        state="active",
        allocation="steady",
        spot=nodes,
        target_spot=24,
        slots=4 * nodes,
        resize_errors=(error,) if error else (),
        formula=formula,
        is_autoscaled=True,
        cost_per_hour=cost,
    )
    return PoolGlance(row=row, states=states, busy_slots=busy)


def _job(
    job_id: str,
    pool: str,
    counts: Counts,
    *,
    speed: float = 0.0,
    left: float | None = None,
    waits_for: str | None = None,
    ended: bool = False,
) -> JobGlance:
    row = JobRow(
        id=job_id,
        state="completed" if ended else "active",
        pool=f"pricing-{pool}",
        created=NOW - timedelta(hours=1),
        ended=NOW if ended else None,
        reason="AllTasksCompleted" if ended else None,
        waits_for=waits_for,
    )
    return JobGlance(row=row, counts=counts, tasks_per_second=speed, seconds_left=left)


def _failure(job_id: str, task_id: str, reason: str, seconds_ago: float) -> Failure:
    ended = NOW - timedelta(seconds=seconds_ago)
    task = TaskRow(
        id=task_id,
        state="completed",
        result="failure",
        exit_code=1,
        failure="FailureExitCode",
        retries=0,
        started=ended,
        ended=ended,
        node="tvm-1",
        reason=reason,
    )
    return Failure(job_id=job_id, task=task)


if __name__ == "__main__":
    main()
