"""`shoal watch`: jobs, followed to their ends."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import click

from shoal.cli import completion, options
from shoal.errors import BadInput, WorkFailed

if TYPE_CHECKING:
    from shoal.cli.display import Display
    from shoal.cli.json_events import JsonEvents
    from shoal.connect import Services
    from shoal.environment import Environment
    from shoal.runs.job_ending import JobEnding


@click.command()
@click.argument(
    "job_ids", metavar="JOB...", type=options.batch_id, nargs=-1, required=True, shell_complete=completion.jobs
)
@click.option(
    "--notify",
    metavar="COMMAND|URL",
    help="At the end, run this line of the shell, or send JSON to this webhook (http:// or https://).",
)
@options.of_environment
@options.recover
@options.as_json
def watch(
    job_ids: tuple[str, ...], notify: str | None, environment: "Environment", recover: bool, as_json: bool
) -> None:
    """Watch each JOB until none of its tasks can run any more.

    Adds the tasks of stages that get one for each file of an earlier stage, by the run's manifest.

    Exits with 0 only if all of them succeeded. With --json, prints an event a line: progress, failures, message,
    silence and lag while a job runs, and its end.
    """
    from shoal.cli.display import display
    from shoal.cli.endings import refuse_failures
    from shoal.cli.json_events import JsonEvents
    from shoal.connect import connected

    jobs = list(dict.fromkeys(job_ids))
    events = JsonEvents() if as_json else None
    with connected(environment) as services:
        shown = events or display(err=False, several=len(jobs) > 1)
        endings = _to_the_end(services, jobs, shown, recover=recover)
        _show(services, endings, events)
    if notify is not None:
        _notify(notify, endings)
    refuse_failures(list(endings.items()))


def _to_the_end(
    services: "Services", jobs: "Sequence[str]", shown: "Display", *, recover: bool
) -> "Mapping[str, JobEnding]":
    """Follow the jobs; each one again that got the tasks of later stages, while the others go on."""
    from shoal.cli.display import follow_all

    return follow_all(services, jobs, shown, recover=recover, go_on=partial(_go_on, services))


def _go_on(services: "Services", job_id: str, ending: "JobEnding") -> "JobEnding | None":
    """Add the tasks of later stages. Return the ending, and say why, where that cannot be."""
    from shoal.connect import explained
    from shoal.manifest.later_stages import add_later_stages

    try:
        with explained(services.environment):
            submission = add_later_stages(services, job_id)
    except WorkFailed as exc:
        return replace(ending, stopped=str(exc))
    except BadInput as exc:
        click.echo(f"warning: {job_id}: its later stages get no tasks from here: {exc}", err=True)
        return ending
    if not submission.added:
        return ending
    click.echo(submission.summary, err=True)
    return None


def _show(services: "Services", endings: "Mapping[str, JobEnding]", events: "JsonEvents | None") -> None:
    from shoal.cli.endings import document, failures_of, show_end

    for job_id, ending in endings.items():
        failures = failures_of(services, job_id, ending)
        if events is not None:
            events.emit("end", job_id, succeeded=ending.succeeded, **document(ending, failures))
        else:
            show_end(ending, failures, job_id=job_id if len(endings) > 1 else "")


def _notify(target: str, endings: "Mapping[str, JobEnding]") -> None:
    """Notify, and go on where that fails: the jobs have ended all the same."""
    from shoal.runs.notification import notify

    try:
        notify(target, endings)
    except WorkFailed as exc:
        click.echo(f"warning: {exc}", err=True)
