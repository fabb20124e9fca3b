"""Reports on the ends of jobs that were watched."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from shoal.cli import output
from shoal.errors import WorkFailed

if TYPE_CHECKING:
    from shoal.connect import Services
    from shoal.runs.fetch import Fetched
    from shoal.runs.job_ending import JobEnding
    from shoal.runs.why.failure_kinds import Failures


def report(services: "Services", job_id: str, ending: "JobEnding", *, as_json: bool, **more: Any) -> None:
    """Print how the job ended. Raises WorkFailed unless it succeeded."""
    failures = failures_of(services, job_id, ending)
    if as_json:
        output.emit_json({"job_id": job_id, **document(ending, failures), **more})
    else:
        show_end(ending, failures, more.get("fetched"))
    refuse_failure(job_id, ending)


def failures_of(services: "Services", job_id: str, ending: "JobEnding") -> "Failures":
    from shoal.runs.why.failed_tasks import failures_of_job

    return failures_of_job(services, job_id, total=ending.counts.failed)


def document(ending: "JobEnding", failures: "Failures") -> dict[str, Any]:
    """Return an ending for scripts."""
    from shoal.runs.why.failure_summary import summaries

    return {**asdict(ending), "failures": summaries(failures)}


def show_end(ending: "JobEnding", failures: "Failures", fetched: "Fetched | None" = None, *, job_id: str = "") -> None:
    from shoal.runs.why.failure_summary import failure_lines

    beginning = f"{job_id}: " if job_id else ""
    counts, skipped = ending.counts, f", {ending.skipped} skipped" if ending.skipped else ""
    click.echo(f"{beginning}{counts.succeeded} succeeded, {counts.failed} failed{skipped} ({ending.reason})")
    if fetched is not None:
        click.echo(fetched.summary)
    for line in failure_lines(failures):
        click.echo(line, err=True)


def refuse_failure(job_id: str, ending: "JobEnding") -> None:
    """Print the commands that go on, and raise WorkFailed, unless the job succeeded."""
    if not ending.succeeded:
        show_way_on(job_id, ending)
        raise WorkFailed(f"job {job_id}: {ending.problem}; `shoal why {job_id}` has the next step")


def refuse_failures(endings: "Sequence[tuple[str, JobEnding]]") -> None:
    """Raise WorkFailed naming all jobs that did not succeed."""
    failed = [(job_id, ending) for job_id, ending in endings if not ending.succeeded]
    if len(failed) == 1:
        refuse_failure(*failed[0])
    if failed:
        for job_id, ending in failed:
            show_way_on(job_id, ending)
        lines = "\n".join(f"  {job_id}: {ending.problem}" for job_id, ending in failed)
        raise WorkFailed(f"{len(failed)} of {len(endings)} jobs failed; `shoal why JOB` has the next step:\n{lines}")


def show_way_on(job_id: str, ending: "JobEnding") -> None:
    """Print the commands that go on after a failure."""
    from shoal.jobs.run_folder import schedule_of
    from shoal.runs.job_ending import adding_command, completing_command

    if ending.blocked and not ending.ended_when_stuck:
        click.echo(f"job {job_id} stays active: `shoal cancel {job_id}` ends it", err=True)
    if ending.missing and schedule_of(job_id) is None:  # a schedule adds the tasks of its jobs by itself
        click.echo(completing_command(job_id, ending), err=True)
    if ending.deferred and not ending.stopped and not ending.counts.failed:
        click.echo(adding_command(job_id, ending.deferred, ending.continues), err=True)
    if ending.counts.failed:
        click.echo(f"once the cause is mended, `shoal retry {job_id}` runs again what failed", err=True)
