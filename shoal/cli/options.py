"""Options that many commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from shoal.environment import Environment
    from shoal.jobs.rendering import Rendering

Command = Callable[..., Any]

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
out = click.option("--out", type=click.Path(path_type=Path), help="Where outputs go.  [default: results/JOB]")


def of_environment(command: Command) -> Command:
    """Which deployed environment: a stack, or the document of one."""
    stack = click.option("-s", "--stack", envvar="SHOAL_STACK", default="local", show_default=True, help="The stack.")
    document = click.option(
        "--environment",
        "document",
        type=click.Path(path_type=Path),
        help="An environment document (`shoal outputs --json`) instead of a stack.",
    )
    return stack(document(command))


def of_job_file(command: Command) -> Command:
    """Which job: a file, what is given to it, and where it runs."""
    for option in (
        click.option("--job", "job_id", metavar="ID", help="The job's id, instead of the file's."),
        click.option("--parameters", type=click.Path(path_type=Path), help="A YAML file of parameter values."),
        click.option("-p", "pairs", metavar="NAME=VALUE", multiple=True, help="A parameter; `run=NAME` names the run."),
        click.argument("file", type=click.Path(path_type=Path)),
    ):
        command = option(command)
    return of_environment(command)


def environment(stack: str, document: Path | None) -> "Environment":
    from shoal.connect import find_environment

    return find_environment(stack, document, project_dir=Path.cwd())


def rendering(
    environment: "Environment", file: Path, pairs: tuple[str, ...], parameters: Path | None, job_id: str | None
) -> "Rendering":
    from shoal.jobs.asked import rendering_asked

    return rendering_asked(file, environment, pairs=pairs, parameters=parameters, job_id=job_id)
