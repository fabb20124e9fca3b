"""`shoal render`, `submit` and `schema`: job files, and the jobs they become in Batch."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from shoal.cli import interrupts, options, output

if TYPE_CHECKING:
    from shoal.jobs.binding.bound_job import BoundJob
    from shoal.jobs.submit.plan import Plan


@click.command()
@options.of_job_file
@click.option("--limit", type=click.IntRange(min=1), help="Stop after this many tasks.")
def render(job: "BoundJob", limit: int | None) -> None:
    """Print the tasks of FILE as Batch receives them.

    Each task is a JSON object on a line of its own. Signatures are masked.
    """
    from itertools import islice

    import orjson

    from shoal.jobs.tasks.task_bodies import all_tasks

    for task in islice(all_tasks(job), limit):
        # Not by click, which flushes after each of a million lines.
        sys.stdout.buffer.write(orjson.dumps(task, option=orjson.OPT_APPEND_NEWLINE))


@click.command()
@options.file_unless_listed
@options.listed
@options.values
@options.changed
@options.stack
@options.document
@options.as_json
def submit(
    file: Path | None,
    listed: bool,
    changed: str | None,
    stack_name: str,
    document: Path | None,
    as_json: bool,
    **values: Any,
) -> None:
    """Add the job of FILE and its tasks, and print the job's id. Submitting again adds only what is missing.

    A FILE with `schedule` becomes a job schedule, which makes such jobs by itself; `shoal schedules` lists them.
    """
    from shoal.cli.stack_jobs import emit_listed, jobs_of_stack, submit_listed
    from shoal.jobs.binding.bound_job import requested_job

    if listed is (file is not None):  # both or neither
        raise click.UsageError("give either a FILE or --listed")
    if file is not None:
        with interrupts.before_submission():
            environment = options.requested_environment(stack_name, document, job_file=file)
            job = requested_job(file, environment, **values)
        _submit(job, changed=changed, as_json=as_json)
    elif any(values.values()) or changed:
        raise click.UsageError("with --listed, parameters and ids come from the configuration")
    else:
        jobs = jobs_of_stack(stack_name)
        results = submit_listed(jobs, options.requested_environment(stack_name, document), err=True)
        emit_listed(results, as_json=as_json)


def _submit(job: "BoundJob", *, changed: str | None, as_json: bool) -> None:
    from shoal.connect import connected
    from shoal.jobs.submit.changes import OnChange
    from shoal.jobs.submit.plan import make_plan
    from shoal.jobs.submit.submit import submit as submit_job

    with interrupts.before_submission():
        planned = make_plan(job)
    output.show_warnings(planned.warnings)
    if job.job_file.spec.job.schedule is not None:
        _submit_schedule(job, planned, changed=changed, as_json=as_json)
        return
    with connected(job.environment) as services, interrupts.submitting(job):
        submission = submit_job(job, planned, services, on_change=OnChange(changed or OnChange.REFUSE))
    if as_json:
        output.emit_json(submission.to_json())
    else:
        click.echo(submission.summary, err=True)
        click.echo(submission.job_id)


def _submit_schedule(job: "BoundJob", planned: "Plan", *, changed: str | None, as_json: bool) -> None:
    from shoal.connect import connected
    from shoal.jobs.schedule.submission import submit_schedule
    from shoal.jobs.submit.changes import OnChange

    with connected(job.environment) as services, interrupts.submitting_schedule(job.job_file.job_id):
        submission = submit_schedule(job, planned, services, on_change=OnChange(changed or OnChange.REFUSE))
    if as_json:
        output.emit_json(submission)
    else:
        click.echo(submission.summary, err=True)
        click.echo(submission.schedule_id)


@click.command()
def schema() -> None:
    """Print the JSON Schema of job files, for editors."""
    from shoal.jobs.file.schema import job_file_schema

    output.emit_json(job_file_schema())
