"""`shoal check`: a job file by itself, wherever it will run."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from shoal.cli import options, output

if TYPE_CHECKING:
    from shoal.jobs.preflight.file_check import FileCheck


@click.command()
@options.file
@options.values
@options.as_json
def check(file: Path, as_json: bool, **values: Any) -> None:
    """Check FILE alone, without a stack and without a service.

    All problems are listed at once, each with its line and how to mend it: syntax, templates, sweeps, input files, and
    values where a second shell would evaluate them. Exits with 2 if there are any.
    """
    from shoal.jobs.binding.bound_job import requested_file
    from shoal.jobs.preflight.file_check import check_file

    checked = check_file(requested_file(file, **values))
    _emit_json(file, checked) if as_json else _show(file, checked)
    if checked.problems:
        sys.exit(2)


def _emit_json(file: Path, checked: "FileCheck") -> None:
    from shoal.jobs.preflight.file_check import problems_json

    plan = checked.plan
    result = {
        "file": str(file),
        "job_id": checked.job_id,
        "tasks": plan.tasks if plan else None,
        "stages": [{"name": one.name, "tasks": one.tasks, "slots": one.slots} for one in plan.stages] if plan else [],
        "warnings": plan.warnings if plan else (),
        "unchecked": checked.unchecked,
        "problems": problems_json(checked.problems),
    }
    output.emit_json(result)


def _show(file: Path, checked: "FileCheck") -> None:
    for problem in checked.problems:
        click.echo(f"error: {problem.message}", err=True)
    for points in checked.unchecked:
        click.echo(f"not checked: {points}", err=True)
    if checked.plan is not None:
        output.show_warnings(checked.plan.warnings)
        stages, tasks = len(checked.plan.stages), checked.plan.tasks
        least = "at least " if checked.unchecked else ""
        click.echo(f"{file}: {output.counted(stages, 'stage')}, {least}{output.counted(tasks, 'task')}, no problems")
