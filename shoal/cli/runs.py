"""`shoal logs`, `jobs`, `tasks`, `cancel` and `rm`: jobs in Batch, listed and ended."""

from typing import TYPE_CHECKING

import click

from shoal.cli import completion, interrupts, options, output
from shoal.cli.confirmation import confirmed

if TYPE_CHECKING:
    from shoal.environment import Environment
    from shoal.runs.job_task_log import Kind


@click.command()
@options.job_argument
@click.argument("task_id", metavar="[TASK]", type=options.batch_id, required=False, shell_complete=completion.tasks)
@click.option("--preparation", "kind", flag_value="preparation", help="The job's preparation task, instead of TASK.")
@click.option("--release", "kind", flag_value="release", help="The job's release task, instead of TASK.")
@click.option("--node", metavar="NODE", help="The node of --preparation or --release.  [default: one where it failed]")
@click.option("-f", "--follow", is_flag=True, help="Keep printing until the task has completed.")
@click.option("--stderr", "name", flag_value="stderr.txt", help="Print stderr instead of stdout.")
@options.run_of_job
@options.of_environment
def logs(
    job_id: str,
    task_id: str | None,
    kind: "Kind | None",
    node: str | None,
    follow: bool,
    name: str | None,
    run_id: str | None,
    environment: "Environment",
) -> None:
    """Print the stdout of TASK in JOB, from its node or from storage.

    The preparation and release tasks of a job run on several nodes, and only these have their output.
    """
    if kind is not None:
        if task_id or follow or run_id:
            raise click.UsageError(f"--{kind} reads the job's own task from a node: give no TASK, --follow or --run")
        _print_job_task_log(job_id, kind, name or "stdout.txt", node, environment)
        return
    if task_id is None or node is not None:
        raise click.UsageError("give a TASK, or --preparation or --release, to which --node belongs")
    from shoal.connect import connected
    from shoal.runs.logs import LogFile, follow_log, read_log

    log = LogFile(job_id=job_id, task_id=task_id, name=name or "stdout.txt", run_id=run_id)

    def say_skipped() -> None:
        click.echo(f"{task_id} was skipped, as its outputs were there; this is the log of the task that ran", err=True)

    with connected(environment) as services:
        for part in follow_log(services, log, on_skipped=say_skipped) if follow else [read_log(services, log)]:
            click.echo(part, nl=False)


def _print_job_task_log(job_id: str, kind: "Kind", name: str, node: str | None, environment: "Environment") -> None:
    from shoal.connect import connected
    from shoal.runs.job_task_log import read_job_task_log

    with connected(environment) as services:
        log = read_job_task_log(services, job_id, kind, name, node)
    others = f"; {output.counted(log.other_nodes, 'other node')} ran it, see --node" if log.other_nodes else ""
    click.echo(
        f"{kind} task of {job_id} on {log.run.node}{', where it failed' if log.run.failed else ''}{others}", err=True
    )
    click.echo(log.content, nl=False)


@click.command()
@options.of_environment
@options.as_json
def jobs(environment: "Environment", as_json: bool) -> None:
    """List the jobs of the stack's Batch account."""
    from shoal.connect import connected
    from shoal.runs.listing import jobs as list_jobs
    from shoal.runs.why.standstill import with_reasons

    with connected(environment) as services:
        rows = with_reasons(services, list(list_jobs(services.batch)))
        output.emit_rows(rows, "jobs", as_json=as_json)


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
    from shoal.runs.job_task_failures import failed_job_tasks
    from shoal.runs.listing import tasks as list_tasks
    from shoal.runs.skipped_tasks import skipped_tasks
    from shoal.runs.why.later_success import with_later_success

    with connected(environment) as services:
        listed = list_tasks(services.batch, job_id, state=state, failed=failed, limit=limit)
        rows = list(with_later_success(services.batch, job_id, listed))
        output.emit_rows(rows, "tasks", as_json=as_json)
        for sentence in failed_job_tasks(services.batch, job_id) if failed else ():
            click.echo(sentence, err=True)
        if skipped := len(skipped_tasks(services, job_id)):
            click.echo(f"{output.counted(skipped, 'task')} skipped, as their outputs were there", err=True)


@click.command()
@options.job_argument
@options.of_environment
@options.as_json
def cancel(job_id: str, environment: "Environment", as_json: bool) -> None:
    """Terminate JOB. Its running tasks are ended, its waiting tasks never run."""
    from shoal.connect import connected
    from shoal.jobs.run_folder import schedule_of
    from shoal.runs.cancel import cancel as cancel_job

    with connected(environment) as services:
        cancelled = cancel_job(services.batch, job_id)
    if as_json:
        output.emit_json({"job_id": job_id, "cancelled": cancelled})
    else:
        click.echo(f"{job_id}: {'cancelled' if cancelled else 'had ended before'}")
        if (schedule := schedule_of(job_id)) is not None:
            click.echo(f"its schedule goes on; `shoal schedules pause {schedule}` stops it", err=True)


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
        if not yes and not confirmed(removal.question, f"deleting {removal.subject}"):
            return
        with interrupts.removing(removal.subject):
            remove(services, removal)
    if as_json:
        output.emit_json(
            {"job_id": job_id, "deleted": removal.job, "outputs_deleted": outputs, "stored": removal.stored}
        )
    else:
        click.echo(f"{job_id}: deleted")
        click.echo(removal.rest, err=True)
