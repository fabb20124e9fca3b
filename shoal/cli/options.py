"""Options that many commands share, and what the commands get for them."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from shoal.environment import Environment

Command = Callable[..., Any]

job_argument = click.argument("job_id", metavar="JOB")
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
out = click.option("--out", type=click.Path(path_type=Path), help="Where outputs go.  [default: results/JOB]")
stack = click.option(
    "-s", "--stack", "stack_name", envvar="SHOAL_STACK", default="local", show_default=True, help="The stack."
)
yes = click.option("-y", "--yes", is_flag=True, help="Do not ask.")
quiet = click.option("-q", "--quiet", is_flag=True, help="Say what became of it, not each change.")
engine = click.option(
    "--engine",
    type=click.Choice(["pulumi", "embedded"]),
    envvar="SHOAL_ENGINE",
    help="Who deploys: the one that deployed the stack before, else Pulumi's engine where there is a `pulumi`, "
    "else the embedded engine, for stacks on this machine only.",
)
document = click.option(
    "--environment",
    "document",
    type=click.Path(path_type=Path),
    help="An environment document, as `shoal outputs --json` prints it, instead of a stack.",
)
_file = click.argument("file", type=click.Path(path_type=Path))
_pairs = click.option("-p", "pairs", metavar="NAME=VALUE", multiple=True, help="A parameter; run=NAME names the run.")
_parameters = click.option("--parameters", type=click.Path(path_type=Path), help="A YAML file of parameter values.")
_job_id = click.option("--job", "job_id", metavar="ID", help="The job's id, instead of the file's.")
file_unless_listed = click.argument("file", type=click.Path(path_type=Path), required=False)
listed = click.option("--listed", is_flag=True, help="The jobs that the stack's configuration lists, not FILE.")


def of_environment(command: Command) -> Command:
    """The command gets `environment`: of a deployed stack, or from a document."""

    @wraps(command)
    def with_environment(stack_name: str, document: Path | None, **others: Any) -> None:
        command(environment=environment_asked(stack_name, document), **others)

    return stack(document(with_environment))


def of_job_file(command: Command) -> Command:
    """The command gets `job`: a job file with its parameters, bound to an environment."""

    @of_environment
    @wraps(command)
    def with_job(
        environment: Any,
        file: Path,
        pairs: tuple[str, ...],
        parameters: Path | None,
        job_id: str | None,
        **others: Any,
    ) -> None:
        from shoal.jobs.binding.bound_job import requested_job

        job = requested_job(file, environment, pairs=pairs, parameters=parameters, job_id=job_id)
        command(job=job, **others)

    return _file(values(with_job))


def values(command: Command) -> Command:
    """The command gets `pairs`, `parameters` and `job_id`: what a job file is rendered with."""
    return _pairs(_parameters(_job_id(command)))


def environment_asked(stack_name: str, document: Path | None) -> "Environment":
    from shoal.deploy.stack_outputs import find_environment

    return find_environment(stack_name, document, project_dir=Path.cwd())
