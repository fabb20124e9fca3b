"""`shoal comment`: the effects of a merge, as one comment for its pull request."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from shoal.cli import options
from shoal.cli.step_lines import steps_json
from shoal.errors import BadInput, ShoalError

if TYPE_CHECKING:
    from shoal.azure.prices import NodePrice
    from shoal.deploy.engines import EngineName
    from shoal.pull_requests.pool_cost import Assumption
    from shoal.pull_requests.proposal import Proposal

DEFAULT_DURATION = "PT5M"


@click.command()
@options.stack
@options.engine
@click.option(
    "--task-duration",
    metavar="DURATION",
    envvar="SHOAL_TASK_DURATION",
    default=DEFAULT_DURATION,
    show_default=True,
    help="Assumed duration of a task, such as PT5M or 90s.",
)
@click.option(
    "--node-price",
    "node_prices",
    metavar="[POOL=]PRICE[/SPOT]",
    envvar="SHOAL_NODE_PRICE",
    multiple=True,
    help="Price of a node-hour, in one pool or in all; repeatable. Without SPOT, it is for both kinds of nodes.",
)
@click.option("--currency", envvar="SHOAL_CURRENCY", default="", help="Currency of the prices, such as EUR.")
@click.option(
    "--section",
    "sections",
    metavar="TITLE=FILE",
    multiple=True,
    help="Additional section with the text of a file; repeatable.",
)
@options.as_json
def comment(
    stack_name: str,
    engine: "EngineName | None",
    task_duration: str,
    node_prices: tuple[str, ...],
    currency: str,
    sections: tuple[str, ...],
    as_json: bool,
) -> None:
    """Print a pull-request comment on a deployment.

    It is markdown that shows what the deployment would change, which jobs would run, and what they would cost.
    Exits with 0 with or without changes, and with 1 if the preview fails; the comment then has the reason.
    """
    from shoal.pull_requests.comment_text import comment_text

    assumption = _assumption(task_duration, node_prices, currency)
    proposal = _proposal(stack_name, engine, assumption, [_section(section) for section in sections])
    text = comment_text(proposal, assumption)
    _emit(proposal, text) if as_json else click.echo(text, nl=False)
    if proposal.error is not None:
        click.echo(f"error: {proposal.error}", err=True)
        click.get_current_context().exit(1)


def _proposal(
    stack_name: str, engine: "EngineName | None", assumption: "Assumption", sections: list[tuple[str, str]]
) -> "Proposal":
    from shoal.deploy.engines import choose_engine
    from shoal.deploy.steps import ResourceStep
    from shoal.projects.project import find_project, read_stack
    from shoal.pull_requests.proposal import Proposal, propose
    from shoal.stack_jobs.configuration import listed_jobs

    stack = read_stack(stack_name, find_project(Path.cwd()))
    chosen = choose_engine(stack, engine)
    steps: list[ResourceStep] = []
    try:
        jobs = listed_jobs(stack)
        outputs = chosen.deploy(stack, preview=True, on_step=steps.append)
        return propose(stack.name, steps, outputs, jobs, assumption, sections)
    except ShoalError as exc:
        # The comment is made all the same: whoever reviews sees why the deployment would fail.
        return Proposal(stack=stack.name, steps=steps, sections=sections, error=str(exc))


def _emit(proposal: "Proposal", text: str) -> None:
    from shoal.cli.output import emit_json

    emit_json(
        {
            "stack": proposal.stack,
            "error": proposal.error,
            **steps_json(proposal.steps),
            "jobs": proposal.jobs,
            "costs": proposal.costs,
            "doubts": proposal.doubts,
            "markdown": text,
        }
    )


def _assumption(task_duration: str, node_prices: tuple[str, ...], currency: str) -> "Assumption":
    from shoal.autoscale.durations import parse_duration
    from shoal.autoscale.errors import InputFault
    from shoal.pull_requests.pool_cost import Assumption

    try:
        duration = parse_duration(task_duration)
    except InputFault as exc:
        raise BadInput(f"--task-duration: {exc}") from exc
    if duration.total_seconds() < 1:
        raise BadInput(f"--task-duration is {task_duration}; it must be at least a second")
    return Assumption(task_duration=duration, node_prices=dict(map(_price, node_prices)), currency=currency)


def _price(text: str) -> tuple[str, "NodePrice"]:
    """Return the pool, empty for all pools, and the price of its nodes."""
    from shoal.azure.prices import NodePrice

    pool, _, prices = text.rpartition("=")
    dedicated, slash, spot = prices.partition("/")
    try:
        values = float(dedicated), float(spot if slash else dedicated)
    except ValueError:
        values = -1.0, -1.0  # refused below, as negative prices are
    if not all(0 <= value < float("inf") for value in values):
        example = "or [POOL=]DEDICATED/SPOT like 0.23/0.05"
        raise BadInput(f"--node-price {text} is not [POOL=]PRICE with a number like 0.05, {example}")
    return pool, NodePrice(dedicated=values[0], spot=values[1])


def _section(text: str) -> tuple[str, str]:
    title, _, file = text.partition("=")
    if not title or not file:
        raise BadInput(f"--section {text} is not TITLE=FILE")
    try:
        # What another tool printed must not break the comment, whatever its encoding.
        return title, Path(file).read_text(errors="replace")
    except OSError as exc:
        raise BadInput(f"--section {title}: {file} cannot be read: {exc.strerror}") from exc
