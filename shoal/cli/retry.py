"""`shoal retry`: what failed in a job runs again."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from shoal.cli import completion, interrupts, options, output
from shoal.cli.disable import show_if_disabled

if TYPE_CHECKING:
    from shoal.connect import Services
    from shoal.environment import Environment
    from shoal.jobs.binding.bound_job import BoundJob
    from shoal.runs.retry.choice import Choice
    from shoal.runs.retry.jobs_of_run import JobsOfRun
    from shoal.runs.retry.retried import Retried
    from shoal.runs.retry.unfinished_work import UnfinishedTask
    from shoal.runs.verdict import Unfinished

SHOWN_TASKS = 5


@click.command()
@options.job_argument
@click.option("--failed", is_flag=True, help="All failed tasks; this is the default.")
@click.option(
    "--task", "tasks", metavar="ID", multiple=True, shell_complete=completion.tasks, help="Only this task; repeatable."
)
@click.option(
    "--stage",
    "stages",
    metavar="NAME",
    multiple=True,
    shell_complete=completion.stages,
    help="Only tasks of this stage; repeatable.",
)
@click.option(
    "--with",
    "file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The corrected job file, for all tasks that have not succeeded; -p and --parameters are for this file.",
)
@options.parameter_values
@options.of_environment
@options.as_json
def retry(
    job_id: str,
    failed: bool,
    tasks: tuple[str, ...],
    stages: tuple[str, ...],
    file: Path | None,
    pairs: tuple[str, ...],
    parameters: Path | None,
    environment: "Environment",
    as_json: bool,
) -> None:
    """Run the failed tasks of JOB again.

    Prints the id of the job to watch. Tasks that succeeded stay as they are, and tasks that wait for failed ones go on.
    If JOB has ended or was cancelled, the tasks that did not succeed run in another job, which continues the run:
    JOB-retry-1.
    """
    from shoal.connect import connected
    from shoal.runs.disabling import is_disabled

    if failed and (tasks or stages):
        raise click.UsageError("--failed is all failed tasks; give either it or --task and --stage")
    if file is None and (pairs or parameters):
        raise click.UsageError("-p and --parameters are for the file of --with")
    if file is not None and (tasks or stages):
        raise click.UsageError("--with is for all tasks that have not succeeded; --task and --stage are not")
    with connected(environment) as services, interrupts.retrying(job_id):
        if file is None:
            retried = _retry(services, job_id, tasks, stages)
        else:
            retried = _retry_with(services, job_id, file, pairs, parameters)
        disabled = is_disabled(services.batch, retried.job_id)
    if as_json:
        output.emit_json(retried)
    else:
        click.echo(summary(job_id, retried), err=True)
        click.echo(retried.job_id)
    show_if_disabled(disabled, retried.job_id)


def _retry(services: "Services", job_id: str, tasks: Sequence[str], stages: Sequence[str]) -> "Retried":
    from shoal.runs.retry.choice import Request
    from shoal.runs.retry.retry import retry

    return retry(services, job_id, Request(tasks=tasks, stages=stages), Lines())


def _retry_with(
    services: "Services", job_id: str, file: Path, pairs: Sequence[str], parameters: Path | None
) -> "Retried":
    from shoal.jobs.binding.bound_job import requested_job
    from shoal.jobs.run_folder import schedule_of
    from shoal.runs.retry.corrected import retry_with

    def read(first_id: str, run_name: str) -> "BoundJob":
        named = [f"run={run_name}", *pairs]  # a name that is given comes later, and counts
        schedule = schedule_of(first_id)
        plain_id = schedule or first_id
        job = requested_job(file, services.environment, pairs=named, parameters=parameters, job_id=plain_id).once
        return replace(job, job_placeholder=first_id) if schedule else job

    return retry_with(services, job_id, read, Lines())


class Lines:
    """Prints on stderr what is about to run again."""

    def on_lag(self, unfinished: "Unfinished") -> None:
        from shoal.cli.watch_lines import lag_line

        click.echo(lag_line(unfinished), err=True)

    def on_choice(self, run: "JobsOfRun", choice: "Choice") -> None:
        stages = list(run.record.stages) if run.record else []
        for line in [*_lines(choice.failed, stages, "failed"), *_lines(choice.waiting, stages, "waiting")]:
            click.echo(line, err=True)


def summary(job_id: str, retried: "Retried") -> str:
    """Return a sentence about what runs again, and where."""
    from shoal.jobs.barrier_ids import is_barrier

    going_on = f"{_tasks(retried.going_on)} waiting or running anyway" if retried.going_on else ""
    if not retried.again and not retried.resumed:
        return f"{job_id}: no task failed, nothing runs again" + (f"; {going_on}" if going_on else "")
    again, resumed = len(retried.again), sum(not is_barrier(task) for task in retried.resumed)
    parts = [
        f"{_tasks(again, 'failed')} {'runs' if again == 1 else 'run'} again" if again else "",
        f"{_tasks(resumed, 'other')} {'goes' if resumed == 1 else 'go'} on" if resumed else "",
        going_on,
        f"{_tasks(retried.left_out, 'unfinished')} left as they are" if retried.left_out else "",
    ]
    parts += [f"{_tasks(number, 'succeeded')} of {stage} kept as before" for stage, number in retried.kept.items()]
    where = f"; it continues the run of {retried.continues}" if retried.continues else ""
    return f"{retried.job_id}: {', '.join(filter(None, parts))}{where}"


def _tasks(number: int, kind: str = "") -> str:
    return " ".join(filter(None, [str(number), kind, "task" if number == 1 else "tasks"]))


def _lines(tasks: "Sequence[UnfinishedTask]", stages: Sequence[str], state: str) -> list[str]:
    from shoal.jobs.barrier_ids import is_barrier
    from shoal.runs.retry.choice import stage_of

    by_stage: dict[str, list[str]] = {}
    for task in tasks:
        if not is_barrier(task.id):
            by_stage.setdefault(stage_of(task.id, stages), []).append(task.id)
    return [f"  {stage}: {len(ids)} {state}: {_some(ids)}" for stage, ids in by_stage.items()]


def _some(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - SHOWN_TASKS} more" if len(ids) > SHOWN_TASKS else ""
    return ", ".join(ids[:SHOWN_TASKS]) + more
