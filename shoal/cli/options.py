"""Options that many commands share, and the values that the commands get for them."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from shoal.cli import completion

if TYPE_CHECKING:
    from shoal.environment import Environment

Command = Callable[..., Any]


def batch_id(value: str) -> str:
    """Return the id of a job or a task. Other text would change the address that is asked, so it is refused."""
    if value in ("", ".", "..") or "/" in value:
        raise click.BadParameter(f"{value!r} cannot be an id: Batch allows letters, digits, hyphens and underscores.")
    return value


job_argument = click.argument("job_id", metavar="JOB", type=batch_id, shell_complete=completion.jobs)
as_json = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
out = click.option("--out", type=click.Path(path_type=Path), help="Directory for the outputs.  [default: results/JOB]")
stack = click.option(
    *("-s", "--stack", "stack_name"),
    envvar="SHOAL_STACK",
    default="local",
    show_default=True,
    help="Name of the stack.",
    shell_complete=completion.stacks,
)
yes = click.option("-y", "--yes", is_flag=True, help="Skip the confirmation.")
quiet = click.option("-q", "--quiet", is_flag=True, help="Print only the summary.")
recover = click.option(
    "--recover/--no-recover",
    default=True,
    show_default=True,
    help="Reboot or replace nodes that can do no work while tasks wait for them.",
)
engine = click.option(
    "--engine",
    type=click.Choice(["pulumi", "embedded"]),
    envvar="SHOAL_ENGINE",
    help="Deployment engine. Default: the one that deployed the stack before, else Pulumi's if `pulumi` is on the "
    "PATH, else the embedded one (for stacks on this machine only).",
)
directory = click.option(
    "-C",
    "directory",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Run as if started in DIR: files, results and the project are looked up there.",
)
document = click.option(
    "--environment",
    "document",
    type=click.Path(path_type=Path),
    help="File with an environment document, from `shoal outputs --json`, instead of a stack.",
)
file = click.argument("file", type=click.Path(path_type=Path))
_pairs = click.option(
    "-p",
    "pairs",
    metavar="NAME=VALUE|@FILE",
    multiple=True,
    help="Value of a parameter, or a YAML file with values; repeatable. run=NAME names the run.",
)
_parameters = click.option("--parameters", type=click.Path(path_type=Path), help="YAML file with values of parameters.")
_job_id = click.option(
    "--job", "job_id", metavar="ID", type=batch_id, help="Id of the job, instead of the one in FILE."
)
run_of_job = click.option(
    "--run", "run_id", metavar="RUN", help="Id of one of the runs that JOB has left outputs of, after `shoal rm`."
)
changed = click.option(
    "--changed",
    type=click.Choice(["replace", "keep"]),
    help="For a job that was submitted with another definition: replace the tasks that have not begun, or keep all. "
    "Default: change nothing, and exit with 2.",
)
expect = click.option(
    "--expect",
    "expectations",
    metavar="[STAGE=]TIME",
    multiple=True,
    help="Time that a task takes, such as 30s or merge=5m, for the forecast; repeatable.",
)
like = click.option(
    "--like", metavar="JOB", shell_complete=completion.jobs, help="Forecast by the durations of a former job's tasks."
)
probe = click.option(
    "--probe",
    type=click.IntRange(min=1),
    metavar="N",
    help="Run the first N tasks of each stage as a job of its own, remove it, and forecast by their durations.",
)
prices = click.option(
    "--prices", "price_file", type=click.Path(path_type=Path), help="YAML file with prices of node-hours."
)
evictions = click.option(
    "--evictions",
    type=click.FloatRange(min=0),
    metavar="RATE",
    help="Evictions of a Spot node an hour, for the forecast.  [default: 0.05 in Azure, 0 on this machine]",
)
file_unless_listed = click.argument("file", type=click.Path(path_type=Path), required=False)
listed = click.option(
    "--listed", is_flag=True, help="Submit the jobs that the stack's configuration lists, instead of FILE."
)


def of_forecast(command: Command) -> Command:
    """Give the command `expectations`, `like`, `probe`, `price_file` and `evictions`."""
    return expect(like(probe(prices(evictions(command)))))


def of_environment(command: Command) -> Command:
    """Give the command `environment`, of a deployed stack or from a document."""

    # wraps() also copies what click has attached to the command: the options that were declared below.
    @wraps(command)
    def with_environment(stack_name: str, document: Path | None, **others: Any) -> None:
        command(environment=requested_environment(stack_name, document), **others)

    return stack(document(with_environment))


def of_job_file(command: Command) -> Command:
    """Give the command `job`: a job file with its parameters, bound to an environment."""

    @wraps(command)
    def with_job(
        stack_name: str,
        document: Path | None,
        file: Path,
        pairs: tuple[str, ...],
        parameters: Path | None,
        job_id: str | None,
        **others: Any,
    ) -> None:
        from shoal.jobs.binding.bound_job import requested_job

        environment = requested_environment(stack_name, document, job_file=file)
        job = requested_job(file, environment, pairs=pairs, parameters=parameters, job_id=job_id)
        command(job=job, **others)

    return file(values(stack(document(with_job))))


def values(command: Command) -> Command:
    """Give the command `pairs`, `parameters` and `job_id`, with which a job file is rendered."""
    return parameter_values(_job_id(command))


def parameter_values(command: Command) -> Command:
    """Give the command `pairs` and `parameters`."""
    return _pairs(_parameters(command))


def requested_environment(stack_name: str, document: Path | None, *, job_file: Path | None = None) -> "Environment":
    """Return the environment in the document if there is one, else that of the stack. Raises BadInput.

    The stack's project is the one around the working directory, else the one around the job file.
    """
    from shoal.deploy.stack_outputs import find_environment

    return find_environment(stack_name, document, project_dir=Path.cwd(), job_file=job_file)
