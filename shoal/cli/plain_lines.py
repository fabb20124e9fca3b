"""Progress of watched jobs where no terminal is: a line when something has changed."""

import time
from collections import deque
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Self

import click

from shoal.cli.watch_lines import HISTORY, lag_line, silence_line
from shoal.connect import Services
from shoal.runs.progress import Snapshot, line
from shoal.runs.verdict import Unfinished

if TYPE_CHECKING:
    from shoal.runs.why.failure_kinds import Failures

PLAIN_LINE_SECONDS = 3.0


class PlainLines:
    """With several jobs, each line begins with the id of its job."""

    def __init__(self, *, err: bool, several: bool = False) -> None:
        self._err, self._several = err, several
        self._jobs: list[PlainLinesOfJob] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for job in self._jobs:
            job.say_last()

    def of(self, services: Services, job_id: str) -> "PlainLinesOfJob":
        self._jobs.append(PlainLinesOfJob(f"{job_id}: " if self._several else "", err=self._err))
        return self._jobs[-1]


class PlainLinesOfJob:
    """Prints a line when something has changed, at most every few seconds, and the last state always."""

    def __init__(self, beginning: str, *, err: bool) -> None:
        self._beginning, self._err = beginning, err
        self._history: deque[Snapshot] = deque(maxlen=HISTORY)
        self._last = ""
        self._last_at = float("-inf")

    def say_last(self) -> None:
        if self._history:
            self._say(line(self._history), at_once=True)

    def on_snapshot(self, snapshot: Snapshot) -> None:
        # Before the snapshot is kept: it is compared with the one before.
        changed = not self._history or self._history[-1].counts != snapshot.counts
        self._history.append(snapshot)
        if changed:
            self._say(line(self._history))

    def on_failures(self, failures: "Failures") -> None:
        """Nothing: new kinds of failures come as lines."""

    def on_silence(self, away: timedelta) -> None:
        self._say(silence_line(away))

    def on_lag(self, unfinished: Unfinished) -> None:
        self._say(lag_line(unfinished))

    def on_line(self, text: str) -> None:
        # Each of these is printed, however soon it follows another line.
        click.echo(self._beginning + text, err=self._err)

    def _say(self, text: str, *, at_once: bool = False) -> None:
        now = time.monotonic()
        if text != self._last and (at_once or now - self._last_at >= PLAIN_LINE_SECONDS):
            click.echo(self._beginning + text, err=self._err)
            self._last, self._last_at = text, now
