"""`shoal up`, `preview`, `down` and `outputs`: a stack, from its configuration to its outputs."""

import sys
from functools import partial
from typing import TYPE_CHECKING

import click

from shoal.cli import options
from shoal.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shoal.deploy.engines import Engine, EngineName
    from shoal.deploy.steps import ResourceStep
    from shoal.projects.project import Stack
    from shoal.stack_jobs.configuration import ListedJob

no_jobs_option = click.option(
    "--no-jobs", "without_jobs", is_flag=True, help="Leave out the jobs that the configuration lists."
)
SIGNS = {"create": "+", "import": "=", "update": "~", "replace": "+-", "delete": "-"}
DONE = {"create": "created", "import": "imported", "update": "updated", "replace": "replaced", "delete": "deleted"}


@click.command()
@options.stack
@options.yes
@options.engine
@no_jobs_option
@options.quiet
@options.as_json
def up(stack_name: str, yes: bool, engine: "EngineName | None", without_jobs: bool, quiet: bool, as_json: bool) -> None:
    """Deploy a stack: make, change and delete what its configuration asks for, then submit the jobs that it lists."""
    from shoal.cli.stack_jobs import check_jobs, refuse_failures, submit_listed
    from shoal.environment import from_json

    stack, chosen, jobs = _stack_and_jobs(stack_name, engine, without_jobs=without_jobs)
    if sys.stdin.isatty() and not as_json and not yes and chosen.resources(stack) is None:
        _show_and_ask(stack, chosen, jobs)
    elif jobs:
        check_jobs(jobs, chosen.deploy(stack, preview=True, on_step=lambda _: None, quiet=True))
    _tell(f"Deploying stack {stack.name} {_where(chosen)}", as_json)
    steps: list[ResourceStep] = []
    outputs = chosen.deploy(stack, preview=False, on_step=lambda step: _note(steps, step, quiet=as_json or quiet))
    if not as_json:
        _summarize(steps)
    results = submit_listed(jobs, from_json(outputs), err=as_json) if jobs else []
    if as_json:
        _emit(steps, {"stack": stack.name, "engine": chosen.name, "outputs": outputs, "jobs": results})
    refuse_failures(results)


@click.command()
@options.stack
@options.engine
@no_jobs_option
@options.quiet
@options.as_json
def preview(stack_name: str, engine: "EngineName | None", without_jobs: bool, quiet: bool, as_json: bool) -> None:
    """Say what `shoal up` would do, and do nothing."""
    from shoal.cli.stack_jobs import expected_jobs, show_expected

    stack, chosen, jobs = _stack_and_jobs(stack_name, engine, without_jobs=without_jobs)
    _tell(f"Stack {stack.name} {_where(chosen)}:", as_json)
    steps: list[ResourceStep] = []
    on_step = partial(_note, steps, quiet=as_json or quiet, will=True)
    expected = expected_jobs(jobs, chosen.deploy(stack, preview=True, on_step=on_step))
    if as_json:
        _emit(steps, {"stack": stack.name, "engine": chosen.name, "jobs": expected})
    else:
        _summarize(steps, will=True)
        show_expected(expected)


@click.command()
@options.stack
@options.yes
@options.engine
@options.quiet
@options.as_json
def down(stack_name: str, yes: bool, engine: "EngineName | None", quiet: bool, as_json: bool) -> None:
    """Delete everything that a stack has."""
    from shoal.projects.project import StackService

    stack, chosen = _stack(stack_name, engine)
    resources = chosen.resources(stack)
    if resources is None and stack.service is StackService.EMBEDDED:
        raise BadInput(f"stack {stack.name} is not deployed to {chosen.place}; there is nothing to delete")
    if not yes:
        _confirm_deletion(stack, resources)
    _tell(f"Deleting stack {stack.name} {_where(chosen)}", as_json)
    steps: list[ResourceStep] = []
    chosen.destroy(stack, on_step=lambda step: _note(steps, step, quiet=as_json or quiet))
    if as_json:
        _emit(steps, {"stack": stack.name, "engine": chosen.name})
    else:
        _summarize(steps)


@click.command()
@options.stack
@options.as_json
def outputs(stack_name: str, as_json: bool) -> None:
    """Print the environment document that a deployed stack leaves for the other commands."""
    from pathlib import Path

    from shoal.cli.output import emit_json, emit_table
    from shoal.deploy.stack_outputs import outputs_of
    from shoal.projects.project import find_project, read_stack

    document = outputs_of(read_stack(stack_name, find_project(Path.cwd())))
    if as_json:
        emit_json(document)
    else:
        emit_table(("OUTPUT", "VALUE"), sorted(document.items()))


def _stack(name: str, engine: "EngineName | None") -> "tuple[Stack, Engine]":
    """The stack and the engine that deploys it. Raises BadInput."""
    from pathlib import Path

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


def _where(engine: "Engine") -> str:
    from shoal.deploy.engines import TITLES

    return f"at {engine.place} with {TITLES[engine.name]}"


def _show_and_ask(stack: "Stack", engine: "Engine", jobs: "Sequence[ListedJob]") -> None:
    from shoal.cli.stack_jobs import expected_jobs, show_expected

    click.echo(f"Stack {stack.name} will be made {_where(engine)}:")
    outputs = engine.deploy(stack, preview=True, on_step=lambda step: _show(step, will=True))
    show_expected(expected_jobs(jobs, outputs))
    click.confirm("Go on?", abort=True)


def _confirm_deletion(stack: "Stack", resources: int | None) -> None:
    all_of = (
        f"all resources of stack {stack.name}" if resources is None else f"the {resources} resources of {stack.name}"
    )
    if not sys.stdin.isatty():
        raise BadInput(f"nobody can be asked whether to delete {all_of}; pass --yes")
    click.confirm(f"Delete {all_of}?", abort=True)


def _note(steps: "list[ResourceStep]", step: "ResourceStep", *, quiet: bool, will: bool = False) -> None:
    steps.append(step)
    if not quiet:
        _show(step, will=will)


def _show(step: "ResourceStep", *, will: bool) -> None:
    if step.operation == "same":
        return
    done = f"to be {DONE[step.operation]}" if will else DONE[step.operation]
    diff = f"  [diff: {', '.join(map(str, step.changes))}]" if step.changes else ""
    click.echo(f" {SIGNS[step.operation]:<2} {step.label} {done}{diff}")


def _emit(steps: "Sequence[ResourceStep]", document: dict[str, object]) -> None:
    from shoal.cli.output import emit_json

    changed = [step for step in steps if step.operation != "same"]
    changes = [
        {
            "operation": step.operation,
            "urn": step.urn,
            "id": step.id,
            "changes": [str(change) for change in step.changes],
        }
        for step in changed
    ]
    emit_json({**document, "changes": changes, "unchanged": len(steps) - len(changed)})


def _summarize(steps: "Sequence[ResourceStep]", *, will: bool = False) -> None:
    counts = {name: sum(step.operation == name for step in steps) for name in (*SIGNS, "same")}
    if len(steps) == counts["same"]:
        click.echo(f"No changes: all {counts['same']} resources are as declared.")
    else:
        told = [f"{counts[name]} {'to be ' if will else ''}{DONE[name]}" for name in SIGNS if counts[name]]
        click.echo(f"{', '.join(told)}, {counts['same']} unchanged.")


def _tell(message: str, as_json: bool) -> None:
    """To people; where the answer is JSON, beside it."""
    click.echo(message, err=as_json)
