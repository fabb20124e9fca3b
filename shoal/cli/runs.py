"""`shoal run`, `watch`, `fetch`, `logs` and others: jobs in Batch, followed, fetched, listed and ended."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from shoal.cli import interrupts, options, output
from shoal.errors import WorkFailed

if TYPE_CHECKING:
    from shoal.connect import Services
    from shoal.environment import Environment
    from shoal.jobs.binding.bound_job import BoundJob
    from shoal.runs.fetch import Fetched
    from shoal.runs.job_ending import JobEnding


@click.command()
@options.of_job_file
@options.changed
@options.out
@options.recover
@options.as_json
def run(job: "BoundJob", changed: str | None, out: Path | None, recover: bool, as_json: bool) -> None:
    """Submit FILE, watch its job and fetch its outputs. Exits with 0 only if all its tasks succeeded."""
    from shoal.cli.display import follow
    from shoal.cli.fetch import fetched_outputs
    from shoal.connect import connected
    from shoal.jobs.submit.changes import OnChange
    from shoal.jobs.submit.plan import make_plan
    from shoal.jobs.submit.submit import submit

    plan = make_plan(job)
    output.show_warnings(plan.warnings)
    with connected(job.environment) as services:
        with interrupts.submitting(job):
            submission = submit(job, plan, services, on_change=OnChange(changed or OnChange.REFUSE))
        click.echo(submission.summary, err=as_json)
        expected = submission.added + submission.already_there
        ending = follow(services, plan.job_id, err=as_json, expected=expected, recover=recover)
        while submission.deferred:
            further = submit(job, plan, services, on_change=OnChange(changed or OnChange.REFUSE))
            if not further.added and further.deferred:
                break  # the stage that they wait for has failed
            submission = further
            click.echo(submission.summary, err=as_json)
            expected = submission.added + submission.already_there
            ending = follow(services, plan.job_id, err=as_json, expected=expected, recover=recover)
        # Also after failures: what the other tasks wrote is there.
        fetched = fetched_outputs(services, plan.job_id, out)
        _report(services, plan.job_id, ending, as_json=as_json, submission=submission.to_json(), fetched=fetched)
        fetched.refuse_problems()


@click.command()
@options.job_argument
@options.of_environment
@options.recover
@options.as_json
def watch(job_id: str, environment: "Environment", recover: bool, as_json: bool) -> None:
    """Watch JOB until none of its tasks can run any more. Exits with 0 only if all of them succeeded."""
    from shoal.cli.display import follow
    from shoal.connect import connected

    with connected(environment) as services:
        ending = follow(services, job_id, err=as_json, recover=recover)
        _report(services, job_id, ending, as_json=as_json)


@click.command()
@options.job_argument
@options.task_argument
@click.option("-f", "--follow", is_flag=True, help="Keep printing until the task has completed.")
@click.option("--stderr", "name", flag_value="stderr.txt", help="Print stderr instead of stdout.")
@options.run_of_job
@options.of_environment
def logs(
    job_id: str, task_id: str, follow: bool, name: str | None, run_id: str | None, environment: "Environment"
) -> None:
    """Print the stdout of TASK in JOB, from its node or from storage."""
    from shoal.connect import connected
    from shoal.runs.logs import LogFile, follow_log, read_log

    log = LogFile(job_id=job_id, task_id=task_id, name=name or "stdout.txt", run_id=run_id)
    with connected(environment) as services:
        for part in follow_log(services, log) if follow else [read_log(services, log)]:
            click.echo(part, nl=False)


@click.command()
@options.of_environment
@options.as_json
def jobs(environment: "Environment", as_json: bool) -> None:
    """List the jobs of the stack's Batch account."""
    from shoal.connect import connected
    from shoal.runs.listing import jobs as list_jobs

    with connected(environment) as services:
        output.emit_rows(list(list_jobs(services.batch)), "jobs", as_json=as_json)


@click.command()
@options.job_argument
@click.option(
    "--state", type=click.Choice(["active", "preparing", "running", "completed"]), help="Only tasks in this state."
)
@click.option("--failed", is_flag=True, help="Only failed tasks.")
@click.option("--limit", type=click.IntRange(min=1), help="At most this many tasks.")
@options.of_environment
@options.as_json
def tasks(
    job_id: str, state: str | None, failed: bool, limit: int | None, environment: "Environment", as_json: bool
) -> None:
    """List the tasks of JOB."""
    from shoal.connect import connected
    from shoal.runs.listing import tasks as list_tasks

    with connected(environment) as services:
        rows = list(list_tasks(services.batch, job_id, state=state, failed=failed, limit=limit))
        output.emit_rows(rows, "tasks", as_json=as_json)


@click.command()
@options.job_argument
@options.of_environment
@options.as_json
def cancel(job_id: str, environment: "Environment", as_json: bool) -> None:
    """Terminate JOB. Its running tasks are ended, its waiting tasks never run."""
    from shoal.connect import connected
    from shoal.runs.cancel import cancel as cancel_job

    with connected(environment) as services:
        cancelled = cancel_job(services.batch, job_id)
    if as_json:
        output.emit_json({"job_id": job_id, "cancelled": cancelled})
    else:
        click.echo(f"{job_id}: {'cancelled' if cancelled else 'had ended before'}")


@click.command()
@options.job_argument
@click.option("--outputs", is_flag=True, help="Delete the outputs and logs of its run as well.")
@options.run_of_job
@options.yes
@options.of_environment
@options.as_json
def rm(job_id: str, outputs: bool, run_id: str | None, yes: bool, environment: "Environment", as_json: bool) -> None:
    """Delete JOB from Batch. Its outputs and logs in storage remain, unless --outputs is given.

    With --outputs, JOB may have been deleted before: then what its run left is deleted.
    """
    from shoal.connect import connected
    from shoal.runs.removal import find_removal, remove

    if run_id is not None and not outputs:
        raise click.UsageError("--run belongs to --outputs: a job in Batch has one run")
    with connected(environment) as services:
        removal = find_removal(services, job_id, run_id, outputs=outputs)
        if not yes and not click.confirm(removal.question, err=True):
            return
        remove(services, removal)
    if as_json:
        output.emit_json(
            {"job_id": job_id, "deleted": removal.job, "outputs_deleted": outputs, "stored": removal.stored}
        )
    else:
        click.echo(f"{job_id}: deleted")
        click.echo(removal.rest, err=True)


def _report(services: "Services", job_id: str, ending: "JobEnding", *, as_json: bool, **more: Any) -> None:
    """Print how the job ended. Raises WorkFailed unless it succeeded."""
    from shoal.runs.why.failed_tasks import failures_of_job
    from shoal.runs.why.failure_summary import failure_lines, summaries

    failures = failures_of_job(services, job_id, total=ending.counts.failed)
    if as_json:
        output.emit_json({"job_id": job_id, **asdict(ending), "failures": summaries(failures), **more})
    else:
        _show_end(ending, failure_lines(failures), more.get("fetched"))
    if not ending.succeeded:
        _show_way_on(job_id, ending)
        raise WorkFailed(f"job {job_id}: {ending.problem}; `shoal why {job_id}` has the next step")


def _show_way_on(job_id: str, ending: "JobEnding") -> None:
    """Print the commands that go on after a failure."""
    if ending.blocked and not ending.ended_when_stuck:
        click.echo(f"job {job_id} stays active: `shoal cancel {job_id}` ends it", err=True)
    if ending.counts.failed:
        click.echo(f"once the cause is mended, `shoal retry {job_id}` runs again what failed", err=True)


def _show_end(ending: "JobEnding", failures: Sequence[str], fetched: "Fetched | None") -> None:
    click.echo(f"{ending.counts.succeeded} succeeded, {ending.counts.failed} failed ({ending.reason})")
    if fetched is not None:
        click.echo(fetched.summary)
    for line in failures:
        click.echo(line, err=True)
