"""`shoal top`: a whole stack at a glance, in the terminal."""

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from shoal.cli import options, output, pools

if TYPE_CHECKING:
    from shoal.cli.stack_follower import StackFollower
    from shoal.cli.stack_glance import Glance, JobGlance
    from shoal.environment import Environment

FRAME_SECONDS = 0.25
COUNTED_ONCE = 20
"""Jobs whose tasks are counted for a single picture."""
JOB_COLUMNS = ("JOB", "STATE", "DONE", "TASKS", "RUNNING", "FAILED", "NOTE")
FAILURE_COLUMNS = ("ENDED", "JOB", "TASK", "FAILURE")


@click.command()
@options.stack
@options.document
@click.option(
    "--interval",
    type=click.FloatRange(min=0.5, max=3600),
    default=2.0,
    show_default=True,
    help="Seconds between two readings, at least.",
)
@options.as_json
def top(stack_name: str, document: Path | None, interval: float, as_json: bool) -> None:
    """Show pools, jobs and failures of the stack in the terminal.

    The screen follows the work until q or Ctrl-C. Without a terminal, or with --json, they are printed once.
    """

    def find() -> "Environment":
        return options.requested_environment(stack_name, document)

    environment = find()
    if as_json or not sys.stdout.isatty():
        _print_once(environment, as_json=as_json)
    else:
        _show_live(find, interval)


def _print_once(environment: "Environment", *, as_json: bool) -> None:
    from shoal.cli.stack_glance import GlanceReader
    from shoal.connect import connected

    with connected(environment) as services:
        glance = GlanceReader(counted=COUNTED_ONCE).read(services)
    if as_json:
        output.emit_json(glance)
    else:
        _print(glance)


def _print(glance: "Glance") -> None:
    output.emit_listing([pool.row for pool in glance.pools], "pools", pools.COLUMNS, pools.cells, as_json=False)
    click.echo()
    output.emit_listing(glance.jobs, "jobs", JOB_COLUMNS, _job_cells, as_json=False)
    if glance.failures:
        click.echo()
        rows = [(each.task.ended, each.job_id, each.task.id, each.task.reason) for each in glance.failures]
        output.emit_table(FAILURE_COLUMNS, rows)


def _job_cells(job: "JobGlance") -> tuple[object, ...]:
    from shoal.cli.stack_screen import job_note

    counts = job.counts
    numbers = (counts.completed, counts.total, counts.running, counts.failed) if counts else (None,) * 4
    return (job.row.id, job.row.state, *numbers, job_note(job))


def _show_live(find: Callable[[], "Environment"], interval: float) -> None:
    from shoal.cli.stack_follower import StackFollower

    # The terminal is restored then as well.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with StackFollower(find, interval=interval) as follower:
            _draw_until_quit(follower)
    except KeyboardInterrupt:
        # An interrupt is how this command ends.
        return


def _draw_until_quit(follower: "StackFollower") -> None:
    from rich.live import Live

    from shoal.cli.stack_screen import StackScreen, after_key, row_keys
    from shoal.cli.terminal_keys import terminal_keys

    drawn: object = None
    with terminal_keys() as read_keys, Live(screen=True, auto_refresh=False) as live:
        while follower.failure is None:
            width, height = live.console.size
            screen = StackScreen(seen=follower.seen, view=follower.view, width=width, height=height)
            if screen != drawn:
                live.update(screen.rendered(), refresh=True)
                drawn = screen
            for key in read_keys(FRAME_SECONDS):
                view = after_key(follower.view, key, row_keys(follower.seen.glance))
                if view is None:
                    return
                follower.show(view)
    raise follower.failure


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
