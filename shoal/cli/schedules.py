"""`shoal schedules`: the job schedules of a Batch account, listed, shown, paused, resumed and removed."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from shoal.cli import completion, options, output
from shoal.cli.confirmation import confirmed

if TYPE_CHECKING:
    from shoal.connect import Services
    from shoal.environment import Environment
    from shoal.runs.schedules import ScheduleDetails

schedule_argument = click.argument("schedule_id", metavar="ID", shell_complete=completion.schedules)


@click.group(invoke_without_command=True)
@click.pass_context
@options.stack
@options.document
@options.as_json
def schedules(context: click.Context, stack_name: str, document: Path | None, as_json: bool) -> None:
    """List the job schedules of the stack's Batch account.

    `shoal submit` adds one for a job file with `schedule`.
    """
    if context.invoked_subcommand is not None:
        _refuse_options_before(context)
        return
    from shoal.connect import connected
    from shoal.runs.schedules import schedules as list_schedules

    with connected(options.requested_environment(stack_name, document)) as services:
        output.emit_rows(list(list_schedules(services.batch)), "schedules", as_json=as_json)


@schedules.command()
@schedule_argument
@options.of_environment
@options.as_json
def show(schedule_id: str, environment: "Environment", as_json: bool) -> None:
    """Show the times of schedule ID, and its jobs."""
    from shoal.connect import connected
    from shoal.runs.schedules import details

    with connected(environment) as services:
        shown = details(services.batch, schedule_id)
    output.emit_json(shown) if as_json else _show(shown)


@schedules.command()
@schedule_argument
@options.of_environment
@options.as_json
def pause(schedule_id: str, environment: "Environment", as_json: bool) -> None:
    """Let schedule ID make no more jobs. One that runs goes on."""
    from shoal.connect import connected
    from shoal.runs.schedules import pause as pause_schedule

    with connected(environment) as services:
        changed = pause_schedule(services.batch, schedule_id)
    _print_change(schedule_id, "paused", changed, "was paused before", as_json=as_json)


@schedules.command()
@schedule_argument
@options.of_environment
@options.as_json
def resume(schedule_id: str, environment: "Environment", as_json: bool) -> None:
    """Let schedule ID make jobs again."""
    from shoal.connect import connected
    from shoal.runs.schedules import resume as resume_schedule

    with connected(environment) as services:
        changed = resume_schedule(services.batch, schedule_id)
    _print_change(schedule_id, "resumed", changed, "was not paused", as_json=as_json)


@schedules.command()
@schedule_argument
@options.yes
@options.of_environment
@options.as_json
def remove(schedule_id: str, yes: bool, environment: "Environment", as_json: bool) -> None:
    """Delete schedule ID and its jobs. Outputs and logs remain.

    Batch deletes a schedule with all of its jobs, also a running one.
    """
    from shoal.connect import connected
    from shoal.runs.schedules import remove as remove_schedule

    with connected(environment) as services:
        if not yes and not _confirmed(services, schedule_id):
            return
        remove_schedule(services, schedule_id)
    _print_change(schedule_id, "removed", True, "", as_json=as_json)


def _refuse_options_before(context: click.Context) -> None:
    """Raise a usage error for options of the list, which a command behind them would not see."""
    given = [
        parameter.opts[-1]
        for parameter in context.command.params
        if context.get_parameter_source(str(parameter.name)) is click.core.ParameterSource.COMMANDLINE
    ]
    if given:
        raise click.UsageError(f"{' and '.join(given)} must stand after `{context.invoked_subcommand}`, not before it")


def _confirmed(services: "Services", schedule_id: str) -> bool:
    from shoal.runs.schedules import details

    jobs = len(details(services.batch, schedule_id).jobs)
    subject = f"schedule {schedule_id} and {output.counted(jobs, 'job')}"
    return confirmed(f"Delete {subject}?", f"deleting {subject}")


def _print_change(schedule_id: str, done: str, changed: bool, otherwise: str, *, as_json: bool) -> None:
    if as_json:
        output.emit_json({"schedule_id": schedule_id, done: changed})
    else:
        click.echo(f"{schedule_id}: {done if changed else otherwise}")


def _show(details: "ScheduleDetails") -> None:
    from shoal.runs.schedules import PAUSED

    row = details.schedule
    paused = f"none: it is paused, and `shoal schedules resume {row.id}` goes on" if row.state == PAUSED else None
    lines = {
        "state": row.state,
        "every": row.every,
        "start": details.start,
        "end": details.end,
        "window": details.window,
        "next run": row.next_run or paused,
        "pool": row.pool,
    }
    click.echo(f"schedule {row.id}")
    for name, value in lines.items():
        if value:
            click.echo(f"  {name}: {value}")
    output.emit_rows(details.jobs, "jobs yet", as_json=False)
