"""`shoal fetch`: the outputs of a job, brought home."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from shoal.cli import completion, interrupts, options, output

if TYPE_CHECKING:
    from shoal.connect import Services
    from shoal.environment import Environment
    from shoal.runs.fetch import Fetched
    from shoal.runs.fetch_selection import Selection

RESULTS = "results"
"""The folder with the outputs of each job, where no other is given."""


@click.command()
@options.job_argument
@click.option(
    "--stage",
    "stages",
    metavar="NAME",
    multiple=True,
    shell_complete=completion.stages,
    help="Only outputs of this stage; repeatable.",
)
@click.option(
    "--task",
    "tasks",
    metavar="ID",
    multiple=True,
    shell_complete=completion.tasks,
    help="Only outputs of this task; repeatable.",
)
@click.option("--pattern", metavar="PATTERN", help="Only files whose path below the task's folder matches, as *.csv.")
@click.option("--flat", is_flag=True, help="Write all files into one directory, as TASK-FILE.")
@options.run_of_job
@options.of_environment
@options.out
@options.as_json
def fetch(
    job_id: str,
    stages: tuple[str, ...],
    tasks: tuple[str, ...],
    pattern: str | None,
    flat: bool,
    run_id: str | None,
    environment: "Environment",
    out: Path | None,
    as_json: bool,
) -> None:
    """Download the outputs of JOB as STAGE/TASK/FILE. Fetching again downloads only new files."""
    from shoal.connect import connected
    from shoal.runs.fetch_selection import Selection

    selection = Selection(stages=stages, tasks=tasks, pattern=pattern, flat=flat)
    with connected(environment) as services:
        fetched = fetched_outputs(services, job_id, out, run_id, selection)
    output.emit_json(fetched) if as_json else click.echo(fetched.summary)
    fetched.refuse_problems()


def default_folder(run: str) -> Path:
    """Return results/JOB; for a job that a schedule has made, whose id has a colon, results/SCHEDULE.job-3."""
    from shoal.jobs.run_folder import file_name

    return Path(RESULTS) / file_name(run.partition(".")[0])


def fetched_outputs(
    services: "Services", job_id: str, out: Path | None, run_id: str | None = None, selection: "Selection | None" = None
) -> "Fetched":
    """Fetch into `out`, or the default folder; files of an earlier run there are moved away first, which is told."""
    from shoal.manifest.results import note_results
    from shoal.nodes.simulated_pool import RUNS_NOTHING, simulated_pool_of
    from shoal.runs.fetch import EVERYTHING, fetch
    from shoal.runs.fetched_runs import make_room, read_note
    from shoal.runs.stored_run import folder_of_run

    run = folder_of_run(services, job_id, run_id)
    # By the run: jobs that continue it bring their outputs to the same place.
    folder = out or default_folder(run)
    if (earlier := make_room(folder, run)) is not None:
        click.echo(f"the outputs of an earlier run of {job_id} were moved from {folder} to {earlier}", err=True)
    with interrupts.fetching(job_id):
        fetched = fetch(services, run, folder, selection or EVERYTHING)
        if selection in (None, EVERYTHING) and not fetched.problems:
            note = read_note(folder)
            note_results(services, run, folder, note.files if note and note.run == run else ())
    if not fetched.files and (pool := simulated_pool_of(services, job_id)) is not None:
        click.echo(f"pool {pool} {RUNS_NOTHING}", err=True)
    return fetched
