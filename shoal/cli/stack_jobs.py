"""The jobs that a stack lists, as `up`, `preview` and `submit --listed` show and submit them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from shoal.cli import interrupts, output
from shoal.errors import WorkFailed

if TYPE_CHECKING:
    from shoal.connect import Services
    from shoal.environment import Environment
    from shoal.runs.job_ending import JobEnding
    from shoal.stack_jobs.configuration import ListedJob
    from shoal.stack_jobs.job_preview import ExpectedJob
    from shoal.stack_jobs.submission import SubmittedJob


def jobs_of_stack(stack_name: str) -> "list[ListedJob]":
    """Return the jobs that a stack of the project around lists. Raises BadInput."""
    from shoal.projects.project import find_project, read_stack
    from shoal.stack_jobs.configuration import listed_jobs

    return listed_jobs(read_stack(stack_name, find_project(Path.cwd())))


def preview_jobs(jobs: "Sequence[ListedJob]", outputs: Mapping[str, Any]) -> "list[ExpectedJob]":
    """Return what would be submitted to a previewed stack with these outputs. Raises BadInput."""
    from shoal.stack_jobs.job_preview import expected_environment, expected_jobs
    from shoal.stack_jobs.submission import plan_all

    if not jobs:
        return []
    environment = expected_environment(outputs)
    return expected_jobs(plan_all(jobs, environment), environment)


def check_jobs(jobs: "Sequence[ListedJob]", outputs: Mapping[str, Any]) -> None:
    """Raise BadInput if a job could not be submitted to a previewed stack with these outputs."""
    from shoal.stack_jobs.job_preview import expected_environment
    from shoal.stack_jobs.submission import plan_all

    plan_all(jobs, expected_environment(outputs))


def show_expected(jobs: "Sequence[ExpectedJob]") -> None:
    for job in jobs:
        if job.is_schedule:
            click.echo(f"Then schedule {job.job_id} of {job.file}: {_schedule_change(job)}")
            continue
        name = job.job_id or "a job, named once its pool and packages are deployed,"
        change = f"{job.missing} tasks to be added" if job.missing else f"nothing to be added to its {job.tasks} tasks"
        click.echo(f"Then {name} of {job.file}: {change}")


def _schedule_change(job: "ExpectedJob") -> str:
    from shoal.jobs.schedule.submission import ScheduleChange

    if job.change is ScheduleChange.THERE:
        return "nothing to be changed"
    change = str(job.change) if job.change else "added or replaced"
    return f"to be {change}, with {job.tasks} tasks in each of its jobs"


def submit_listed(jobs: "Sequence[ListedJob]", environment: "Environment", *, err: bool) -> "list[SubmittedJob]":
    """Submit each job and print the result, on stderr if `err`; then wait for those whose configuration says so.

    Raises BadInput, with nothing submitted, if one of them cannot run in the environment.
    """
    from shoal.connect import connected
    from shoal.stack_jobs.submission import plan_all, submit_all

    if not jobs:
        return []
    # All of them before the first is submitted: a mistake in one leaves nothing half done.
    planned = plan_all(jobs, environment)
    for job in planned:
        output.show_warnings([f"{job.listed.key}: {warning}" for warning in job.plan.warnings])
    submitted: list[str] = []

    def on_submitted(result: "SubmittedJob") -> None:
        submitted.append(result.job_id)
        _show(result, err=err)

    with connected(environment) as services, interrupts.submitting_listed(submitted):
        return submit_all(
            planned, services, watch=lambda job: _watch(services, job, err=err), on_submitted=on_submitted
        )


def refuse_failures(results: "Sequence[SubmittedJob]") -> None:
    """Raise WorkFailed if a job failed."""
    failed = [result for result in results if result.error is not None]
    if failed:
        lines = "\n".join(f"  {result.job_id} of {result.file}: {result.error}" for result in failed)
        raise WorkFailed(f"{len(failed)} of {len(results)} listed jobs failed:\n{lines}")


def emit_listed(results: "Sequence[SubmittedJob]", *, as_json: bool) -> None:
    """Print the ids of the jobs. Raises WorkFailed if one failed."""
    if not results:
        click.echo("the stack's configuration lists no jobs", err=True)
    if as_json:
        output.emit_json({"jobs": results})
    else:
        for result in results:
            click.echo(result.job_id)
    refuse_failures(results)


def _watch(services: "Services", job: "SubmittedJob", *, err: bool) -> "JobEnding":
    from shoal.cli.display import follow
    from shoal.connect import explained

    click.echo(f"Waiting for {job.job_id}", err=err)
    with explained(services.environment):
        return follow(services, job.job_id, err=err)


def _show(result: "SubmittedJob", *, err: bool) -> None:
    from shoal.stack_jobs.submission import SubmissionState

    match result.state:
        case SubmissionState.FAILED:
            outcome = "not submitted"
        case _ if result.is_schedule:
            click.echo(f"schedule {result.job_id} of {result.file}: {_schedule_outcome(result)}", err=err)
            return
        case SubmissionState.SUBMITTED:
            rest = result.tasks - result.added
            outcome = f"{result.added} tasks added" + (f" to {rest}" if rest else "")
        case _:
            outcome = f"{result.state}, {result.tasks} tasks"
    click.echo(f"{result.job_id} of {result.file}: {outcome}", err=err)


def _schedule_outcome(result: "SubmittedJob") -> str:
    from shoal.stack_jobs.submission import SubmissionState

    change = "added" if result.state is SubmissionState.SUBMITTED else result.state
    when = f", the next one at {result.next_run:%Y-%m-%d %H:%M} UTC" if result.next_run else ""
    return f"{change}; {output.counted(result.tasks, 'task')} in each job{when}"
