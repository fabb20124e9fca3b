"""Progress of watched jobs: one screen on a terminal, a plain line now and then elsewhere, or events for programs."""

import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from threading import Thread
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

import click

from shoal.connect import Services
from shoal.nodes.recover import JobRecovery
from shoal.runs.job_ending import JobEnding
from shoal.runs.job_queries import BatchJobQueries
from shoal.runs.progress import Snapshot
from shoal.runs.stuck_job import ended_if_stuck
from shoal.runs.verdict import Unfinished
from shoal.runs.watch import Clock, watch
from shoal.runs.why.commentary import Commentary

if TYPE_CHECKING:
    from shoal.runs.why.failure_kinds import Failures

LOOK_SECONDS = 0.2
"""Time within which an interrupt is noticed while several jobs are watched."""


GoOn = Callable[[str, JobEnding], JobEnding | None]
"""Adds tasks to a job that waits for them; returns its ending where there are none to add."""


class JobDisplay(Protocol):
    def on_snapshot(self, snapshot: Snapshot) -> None: ...
    def on_failures(self, failures: "Failures") -> None: ...
    def on_silence(self, away: timedelta) -> None: ...
    def on_lag(self, unfinished: Unfinished) -> None: ...
    def on_line(self, text: str) -> None: ...


class Display(Protocol):
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...
    def of(self, services: Services, job_id: str) -> JobDisplay: ...


def display(*, err: bool, several: bool = False) -> Display:
    """Return a display on stdout, or on stderr if `err`, where stdout is for JSON."""
    from shoal.cli.live_screen import LiveScreen
    from shoal.cli.plain_lines import PlainLines

    stream = sys.stderr if err else sys.stdout
    return LiveScreen(err=err) if stream.isatty() else PlainLines(err=err, several=several)


def follow(
    services: Services, job_id: str, *, err: bool, expected: int | None = None, recover: bool = True
) -> JobEnding:
    """Watch a job to its end, tell why it stands still, and recover the nodes of its pool while tasks wait for them.

    `expected`: the number of its tasks. On an interrupt, print that the job continues.
    """
    shown = display(err=err)
    return follow_all(services, [job_id], shown, expected=expected, recover=recover)[job_id]


def _ended(_: str, ending: JobEnding) -> JobEnding:
    return ending


def follow_all(
    services: Services,
    job_ids: Sequence[str],
    shown: Display,
    *,
    expected: int | None = None,
    recover: bool = True,
    go_on: GoOn = _ended,
) -> Mapping[str, JobEnding]:
    """Watch jobs to their ends, beside each other. On an interrupt, print that they continue.

    `go_on` is called as soon as a job waits for the tasks of its later stages, whatever the others do.
    """

    def follow_one(job_id: str) -> JobEnding:
        of_job = shown.of(services, job_id)
        while True:
            ending = _follow(services, job_id, of_job, expected=expected, recover=recover, others=len(job_ids) - 1)
            last = go_on(job_id, ending) if ending.waits_for_submission else ending
            if last is not None:
                return last

    try:
        with shown:
            if len(job_ids) == 1:
                return {job_ids[0]: follow_one(job_ids[0])}
            return _beside_each_other(job_ids, follow_one)
    except KeyboardInterrupt:
        ids = " ".join(job_ids)
        continues = f"job {ids} continues; watch it" if len(job_ids) == 1 else f"jobs {ids} continue; watch them"
        click.echo(f"\n{continues} again with `shoal watch {ids}`", err=True)
        raise


def _follow(
    services: Services, job_id: str, shown: JobDisplay, *, expected: int | None, recover: bool, others: int
) -> JobEnding:
    recovery = JobRecovery(services, job_id, report=shown.on_line) if recover else None
    commentary = Commentary(services, job_id, report=shown.on_line, on_failures=shown.on_failures)

    def on_snapshot(snapshot: Snapshot) -> None:
        shown.on_snapshot(snapshot)
        if recovery is not None and snapshot.counts.active:
            recovery.on_waiting_tasks()
        commentary.on_snapshot(snapshot)

    clock = Clock()
    ending = watch(
        BatchJobQueries(services.batch, job_id),
        on_snapshot=on_snapshot,
        on_silence=shown.on_silence,
        on_lag=shown.on_lag,
        expected=expected,
        # Many jobs are not more requests than one.
        clock=Clock(now=clock.now, sleep=lambda seconds: clock.sleep(seconds * (1 + others))),
    )
    return ended_if_stuck(services.batch, job_id, ending)


def _beside_each_other(job_ids: Sequence[str], follow_one: Callable[[str], JobEnding]) -> Mapping[str, JobEnding]:
    """Follow each job in a thread. Raises the first error of any of them; the other threads end with the process."""
    endings: dict[str, JobEnding] = {}
    errors: list[Exception] = []

    def run(job_id: str) -> None:
        try:
            endings[job_id] = follow_one(job_id)
        except Exception as exc:  # noqa: BLE001 - raised again by the thread that waits
            errors.append(exc)

    threads = [Thread(target=run, args=(job_id,), daemon=True) for job_id in job_ids]
    for thread in threads:
        thread.start()
    while not errors and any(thread.is_alive() for thread in threads):
        next(thread for thread in [*filter(Thread.is_alive, threads), threads[0]]).join(LOOK_SECONDS)
    if errors:
        raise errors[0]
    return {job_id: endings[job_id] for job_id in job_ids}
