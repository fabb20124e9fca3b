"""`shoal disable` and `enable`: whether Batch may start tasks of a job."""

from typing import TYPE_CHECKING

import click

from shoal.cli import options, output

if TYPE_CHECKING:
    from shoal.environment import Environment
    from shoal.runs.disabling import RunningTasks

EFFECTS = {
    "requeue": "its running tasks are ended, and start again once it is enabled",
    "terminate": "its running tasks are ended, and fail",
    "wait": "its running tasks run to their end",
}


@click.command()
@options.job_argument
@click.option(
    "--tasks",
    "running_tasks",
    type=click.Choice(list(EFFECTS)),
    default="wait",
    show_default=True,
    help="What running tasks do: start again later (requeue), fail (terminate) or run to their end (wait).",
)
@options.of_environment
@options.as_json
def disable(job_id: str, running_tasks: "RunningTasks", environment: "Environment", as_json: bool) -> None:
    """Let no further task of JOB start until it is enabled."""
    from shoal.connect import connected
    from shoal.runs.disabling import disable as disable_job

    with connected(environment) as services:
        changed = disable_job(services.batch, job_id, running_tasks)
    if as_json:
        output.emit_json({"job_id": job_id, "disabled": changed, "tasks": running_tasks})
        return
    click.echo(f"{job_id}: {'disabled' if changed else 'was disabled before'}")
    click.echo(f"{EFFECTS[running_tasks]}; `shoal enable {job_id}` goes on", err=True)


@click.command()
@options.job_argument
@options.of_environment
@options.as_json
def enable(job_id: str, environment: "Environment", as_json: bool) -> None:
    """Let the tasks of JOB start again, after it was disabled."""
    from shoal.connect import connected
    from shoal.runs.disabling import enable as enable_job

    with connected(environment) as services:
        changed = enable_job(services.batch, job_id)
    if as_json:
        output.emit_json({"job_id": job_id, "enabled": changed})
    else:
        click.echo(f"{job_id}: {'enabled' if changed else 'was not disabled'}")


def show_if_disabled(disabled: bool, job_id: str) -> None:
    """Print on stderr that nothing of the job starts."""
    if disabled:
        click.echo(f"job {job_id} is disabled, so none of its tasks starts; `shoal enable {job_id}` goes on", err=True)
