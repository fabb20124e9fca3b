"""A job's progress: one live line on a terminal, a plain line now and then elsewhere."""

import sys
import time
from collections import deque
from datetime import timedelta
from types import TracebackType
from typing import Protocol, Self

import click

from shoal.connect import Services
from shoal.nodes.recover import JobRecovery
from shoal.runs.job_ending import JobEnding
from shoal.runs.job_queries import BatchJobQueries
from shoal.runs.progress import Snapshot, line
from shoal.runs.stuck_job import ended_if_stuck
from shoal.runs.verdict import Unfinished
from shoal.runs.watch import watch
from shoal.runs.why.commentary import Commentary

PLAIN_LINE_SECONDS = 3.0
_HISTORY = 256


class Display(Protocol):
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...
    def on_snapshot(self, snapshot: Snapshot) -> None: ...
    def on_silence(self, away: timedelta) -> None: ...
    def on_lag(self, unfinished: Unfinished) -> None: ...
    def on_line(self, text: str) -> None: ...


def display(*, err: bool) -> Display:
    """Return a display on stdout, or on stderr if `err`, where stdout is for JSON."""
    stream = sys.stderr if err else sys.stdout
    return LiveLine(err=err) if stream.isatty() else PlainLines(err=err)


def follow(
    services: Services, job_id: str, *, err: bool, expected: int | None = None, recover: bool = True
) -> JobEnding:
    """Watch a job to its end, tell why it stands still, and recover the nodes of its pool while tasks wait for them.

    `expected`: the number of its tasks. On an interrupt, print that the job continues.
    """
    try:
        with display(err=err) as shown:
            recovery = JobRecovery(services, job_id, report=shown.on_line) if recover else None
            commentary = Commentary(services, job_id, report=shown.on_line)

            def on_snapshot(snapshot: Snapshot) -> None:
                shown.on_snapshot(snapshot)
                if recovery is not None and snapshot.counts.active:
                    recovery.on_waiting_tasks()
                commentary.on_snapshot(snapshot)

            ending = watch(
                BatchJobQueries(services.batch, job_id),
                on_snapshot=on_snapshot,
                on_silence=shown.on_silence,
                on_lag=shown.on_lag,
                expected=expected,
            )
            return ended_if_stuck(services.batch, job_id, ending)
    except KeyboardInterrupt:
        click.echo(f"\njob {job_id} continues; watch it again with `shoal watch {job_id}`", err=True)
        raise


def silence_line(away: timedelta) -> str:
    return f"the service has not answered for {away.total_seconds():.0f} s; trying again"


def lag_line(unfinished: Unfinished) -> str:
    tasks = unfinished.active + unfinished.running
    return f"the job is completed, and {tasks} of its tasks are not listed as completed yet; waiting for them"


class PlainLines:
    """Prints a line when something has changed, at most every few seconds, and the last state always."""

    def __init__(self, *, err: bool) -> None:
        self._err = err
        self._history: deque[Snapshot] = deque(maxlen=_HISTORY)
        self._last = ""
        self._last_at = float("-inf")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._history:
            self._say(line(self._history), at_once=True)

    def on_snapshot(self, snapshot: Snapshot) -> None:
        # Before the snapshot is kept: it is compared with the one before.
        changed = not self._history or self._history[-1].counts != snapshot.counts
        self._history.append(snapshot)
        if changed:
            self._say(line(self._history))

    def on_silence(self, away: timedelta) -> None:
        self._say(silence_line(away))

    def on_lag(self, unfinished: Unfinished) -> None:
        self._say(lag_line(unfinished))

    def on_line(self, text: str) -> None:
        # Each of these is printed, however soon it follows another line.
        click.echo(text, err=self._err)

    def _say(self, text: str, *, at_once: bool = False) -> None:
        now = time.monotonic()
        if text != self._last and (at_once or now - self._last_at >= PLAIN_LINE_SECONDS):
            click.echo(text, err=self._err)
            self._last, self._last_at = text, now


class LiveLine:
    """Keeps one line with a bar up to date."""

    def __init__(self, *, err: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        self._history: deque[Snapshot] = deque(maxlen=_HISTORY)
        self._progress = Progress(
            BarColumn(bar_width=24), TextColumn("{task.description}"), console=Console(stderr=err), transient=False
        )
        self._task = self._progress.add_task("waiting for the service", total=None)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._progress.stop()

    def on_snapshot(self, snapshot: Snapshot) -> None:
        self._history.append(snapshot)
        counts = snapshot.counts
        # Without a total, rich shows a bar that moves: a new job has no tasks yet.
        self._progress.update(
            self._task, total=counts.total or None, completed=counts.completed, description=line(self._history)
        )

    def on_silence(self, away: timedelta) -> None:
        self._progress.update(self._task, description=silence_line(away))

    def on_lag(self, unfinished: Unfinished) -> None:
        self._progress.update(self._task, description=lag_line(unfinished))

    def on_line(self, text: str) -> None:
        self._progress.console.print(text, markup=False, highlight=False)
