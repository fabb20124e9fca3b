"""`shoal plan`: what a job file would run, checked with the stack and its service."""

import sys
from functools import partial
from shutil import get_terminal_size
from typing import TYPE_CHECKING

import click

from shoal.cli import options, output

if TYPE_CHECKING:
    from shoal.jobs.binding.bound_job import BoundJob
    from shoal.jobs.file.mistakes import Mistake
    from shoal.jobs.preflight.preflight import Preflight
    from shoal.jobs.submit.plan import Plan


@click.command()
@options.of_job_file
@options.changed
@options.as_json
def plan(job: "BoundJob", changed: str | None, as_json: bool) -> None:
    """Show what FILE would run, and everything that would stop it.

    The file is checked with the stack and its service: slots, packages, inputs, containers, quotas, the pool's formula,
    and the job's id if it is in use. All problems are listed at once, and exit with 2. Creates nothing.
    """
    checked = _checked(job, changed)
    if checked.problems or checked.plan is None:
        _refuse(checked.problems, checked.warnings, as_json=as_json)
        return
    output.show_warnings(checked.warnings)
    _emit_json(checked.plan, checked.warnings) if as_json else _show(job, checked.plan)


def _checked(job: "BoundJob", changed: str | None) -> "Preflight":
    """Check with the service, or without it where it does not answer, which is a warning then."""
    from shoal.connect import connected
    from shoal.errors import BadInput
    from shoal.jobs.preflight.preflight import preflight, without_service
    from shoal.jobs.submit.changes import OnChange
    from shoal.jobs.submit.submit import refuse_other_run

    on_change = OnChange(changed or OnChange.REFUSE)
    try:
        with connected(job.environment) as services:
            return preflight(job, services, refuse_other_run=partial(refuse_other_run, on_change=on_change))
    except BadInput as exc:
        return without_service(job, str(exc))


def _refuse(problems: "tuple[Mistake, ...]", warnings: tuple[str, ...], *, as_json: bool) -> None:
    from shoal.jobs.preflight.file_check import problems_json

    if as_json:
        output.emit_json({"problems": problems_json(problems), "warnings": warnings})
    else:
        output.show_warnings(warnings)
        for problem in problems:
            click.echo(f"error: {problem.message}", err=True)
    sys.exit(2)


def _emit_json(planned: "Plan", warnings: tuple[str, ...]) -> None:
    from shoal.jobs.submit.plan import to_json

    output.emit_json({**to_json(planned), "warnings": warnings, "problems": []})


def _show(job: "BoundJob", planned: "Plan") -> None:
    from shoal.cli.plan_screen import heading, task_lines, upload_line
    from shoal.jobs.preflight.shown_tasks import first_and_last

    click.echo(f"{heading(planned)}\n")
    rows = [(stage.name, stage.tasks, stage.slots, ", ".join(stage.after)) for stage in planned.stages]
    output.emit_table(("STAGE", "TASKS", "SLOTS", "AFTER"), rows)
    click.echo(f"\n{upload_line(planned)}")
    for stage in job.stages:
        click.echo()
        for line in task_lines(stage.name, first_and_last(stage), get_terminal_size().columns):
            click.echo(line)
