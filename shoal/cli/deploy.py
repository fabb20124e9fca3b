"""`shoal up`, `preview`, `down` and `outputs`: a stack, from its configuration to its outputs."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from shoal.cli import interrupts, options
from shoal.cli.confirmation import confirmed
from shoal.cli.step_lines import show_step, show_summary, steps_json
from shoal.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shoal.deploy.engines import Engine, EngineName
    from shoal.deploy.steps import ResourceStep
    from shoal.projects.project import Stack
    from shoal.stack_jobs.configuration import ListedJob

no_jobs_option = click.option(
    "--no-jobs", "without_jobs", is_flag=True, help="Skip the jobs that the stack's configuration lists."
)


@click.command()
@options.stack
@options.engine
@no_jobs_option
@click.option(
    "--restart-nodes",
    is_flag=True,
    help="Reboot nodes that still have an old start task, or whose start task failed; running ones after their tasks.",
)
@options.yes
@options.quiet
@options.as_json
def up(
    stack_name: str,
    yes: bool,
    engine: "EngineName | None",
    without_jobs: bool,
    restart_nodes: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Deploy a stack, then submit the jobs that it lists.

    Resources are created, changed and deleted until the stack is as its program declares it. The jobs are those in its
    configuration, under `jobs`. Nodes that still have the start task of an earlier deployment are named.
    """
    from shoal.cli.output import emit_json
    from shoal.cli.stack_jobs import check_jobs, refuse_failures, submit_listed
    from shoal.cli.stale_nodes import show_stale_nodes
    from shoal.environment import from_json

    stack, chosen, jobs = _stack_and_jobs(stack_name, engine, without_jobs=without_jobs)
    # Only a first deployment asks; for a stack in Azure nobody knows, so there each one does.
    if sys.stdin.isatty() and not as_json and not yes and chosen.resources(stack) is None:
        _show_and_confirm(stack, chosen, jobs)
    elif jobs:
        # A job that cannot run is refused before anything is deployed for it.
        check_jobs(jobs, chosen.deploy(stack, preview=True, on_step=lambda _: None, quiet=True))
    click.echo(f"Deploying stack {stack.name} {_place(chosen)}", err=as_json)
    steps: list[ResourceStep] = []
    with interrupts.deploying(stack.name):
        outputs = chosen.deploy(stack, preview=False, on_step=_collector(steps, planned=False, quiet=as_json or quiet))
    if not as_json:
        show_summary(steps, planned=False)
    stale = show_stale_nodes(outputs, steps, restart=restart_nodes, err=as_json)
    results = submit_listed(jobs, from_json(outputs), err=as_json) if jobs else []
    if as_json:
        document = {
            "stack": stack.name,
            "engine": chosen.name,
            "outputs": outputs,
            "jobs": results,
            "stale_nodes": stale,
        }
        emit_json({**document, **steps_json(steps)})
    # Last: the document is on stdout even where a job failed.
    refuse_failures(results)


@click.command()
@options.stack
@options.engine
@no_jobs_option
@options.quiet
@options.as_json
def preview(stack_name: str, engine: "EngineName | None", without_jobs: bool, quiet: bool, as_json: bool) -> None:
    """Show what `shoal up` would change, without changing anything."""
    from shoal.cli.output import emit_json
    from shoal.cli.stack_jobs import preview_jobs, show_expected

    stack, chosen, jobs = _stack_and_jobs(stack_name, engine, without_jobs=without_jobs)
    click.echo(f"Stack {stack.name} {_place(chosen)}:", err=as_json)
    steps: list[ResourceStep] = []
    outputs = chosen.deploy(stack, preview=True, on_step=_collector(steps, planned=True, quiet=as_json or quiet))
    expected = preview_jobs(jobs, outputs)
    if as_json:
        emit_json({"stack": stack.name, "engine": chosen.name, "jobs": expected, **steps_json(steps)})
    else:
        show_summary(steps, planned=True)
        show_expected(expected)


@click.command()
@options.stack
@options.engine
@options.yes
@options.quiet
@options.as_json
def down(stack_name: str, yes: bool, engine: "EngineName | None", quiet: bool, as_json: bool) -> None:
    """Delete all resources of a stack.

    Jobs that have not ended, and outputs that were not fetched to this directory, are named first.
    """
    from shoal.cli.output import emit_json
    from shoal.cli.stack_losses import show_losses
    from shoal.projects.project import StackService

    stack, chosen = _stack(stack_name, engine)
    resources = chosen.resources(stack)
    if resources is None and stack.service is StackService.EMBEDDED:
        raise BadInput(f"stack {stack.name} is not deployed to {chosen.place}; there is nothing to delete")
    show_losses(stack)
    if not yes:
        _confirm_deletion(stack, resources)
    click.echo(f"Deleting stack {stack.name} {_place(chosen)}", err=as_json)
    steps: list[ResourceStep] = []
    with interrupts.destroying(stack.name):
        chosen.destroy(stack, on_step=_collector(steps, planned=False, quiet=as_json or quiet))
    if as_json:
        emit_json({"stack": stack.name, "engine": chosen.name, **steps_json(steps)})
    else:
        show_summary(steps, planned=False)


@click.command()
@options.stack
@options.as_json
def outputs(stack_name: str, as_json: bool) -> None:
    """Print the environment document of a deployed stack.

    It has the endpoints, pools and packages that other commands need, and no secrets.
    """
    from shoal.cli.output import emit_json, emit_table
    from shoal.deploy.stack_outputs import outputs_of
    from shoal.projects.project import find_project, read_stack

    document = outputs_of(read_stack(stack_name, find_project(Path.cwd())))
    if as_json:
        emit_json(document)
    else:
        emit_table(("OUTPUT", "VALUE"), sorted(document.items()))


def _stack(name: str, engine: "EngineName | None") -> "tuple[Stack, Engine]":
    """Return the stack and the engine that deploys it. Raises BadInput."""
    from shoal.deploy.engines import choose_engine
    from shoal.projects.project import find_project, read_stack

    stack = read_stack(name, find_project(Path.cwd()))
    return stack, choose_engine(stack, engine)


def _stack_and_jobs(
    name: str, engine: "EngineName | None", *, without_jobs: bool
) -> "tuple[Stack, Engine, list[ListedJob]]":
    from shoal.stack_jobs.configuration import listed_jobs

    stack, chosen = _stack(name, engine)
    return stack, chosen, [] if without_jobs else listed_jobs(stack)


def _place(engine: "Engine") -> str:
    from shoal.deploy.engines import TITLES

    return f"at {engine.place} with {TITLES[engine.name]}"


def _show_and_confirm(stack: "Stack", engine: "Engine", jobs: "Sequence[ListedJob]") -> None:
    from shoal.cli.stack_jobs import preview_jobs, show_expected

    click.echo(f"Stack {stack.name} will be created {_place(engine)}:")
    outputs = engine.deploy(stack, preview=True, on_step=lambda step: show_step(step, planned=True))
    show_expected(preview_jobs(jobs, outputs))
    click.confirm("Continue?", abort=True)


def _confirm_deletion(stack: "Stack", resources: int | None) -> None:
    subject = (
        f"all resources of stack {stack.name}" if resources is None else f"the {resources} resources of {stack.name}"
    )
    if not confirmed(f"Delete {subject}?", f"deleting {subject}"):
        raise click.Abort


def _collector(steps: "list[ResourceStep]", *, planned: bool, quiet: bool) -> "Callable[[ResourceStep], None]":
    """Return a function that keeps each step and, unless quiet, prints it."""

    def collect(step: "ResourceStep") -> None:
        steps.append(step)
        if not quiet:
            show_step(step, planned=planned)

    return collect
