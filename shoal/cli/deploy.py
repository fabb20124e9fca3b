"""`shoal up`, `preview`, `down` and `outputs`: a stack, from its configuration to its outputs."""

import sys
from typing import TYPE_CHECKING

import click

from shoal.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shoal.deploy.project import Stack
    from shoal.deploy.steps import Step

stack_option = click.option(
    "-s",
    "--stack",
    "stack_name",
    envvar="SHOAL_STACK",
    default="local",
    show_default=True,
    help="The stack to work on.",
)
yes_option = click.option("-y", "--yes", is_flag=True, help="Do not ask.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
engine_option = click.option(
    "--engine",
    type=click.Choice(["pulumi", "embedded"]),
    help="Who deploys; the embedded engine unless said, for stacks on this machine only.",
)
SIGNS = {"create": "+", "update": "~", "replace": "+-", "delete": "-"}
DONE = {"create": "created", "update": "updated", "replace": "replaced", "delete": "deleted"}


@click.command()
@stack_option
@yes_option
@engine_option
@json_option
def up(stack_name: str, yes: bool, engine: str | None, as_json: bool) -> None:
    """Deploy a stack: make, change and delete what its configuration asks for."""
    from shoal.deploy.engine import deploy, find_host
    from shoal.deploy.record import load_record

    stack = _stack(stack_name, engine)
    host = find_host()
    interactive = sys.stdin.isatty() and not as_json
    if interactive and not yes and load_record(host.arm, stack.project.name, stack.name) is None:
        _tell(f"Stack {stack.name} will be made at {host.arm.endpoint} by the embedded engine:", as_json)
        deploy(stack, host, preview=True, on_step=lambda step: _show(step, will=True))
        click.confirm("Go on?", abort=True)
    _tell(f"Deploying stack {stack.name} to {host.arm.endpoint} with the embedded engine", as_json)
    steps: list[Step] = []
    record = deploy(stack, host, preview=False, on_step=lambda step: _note(steps, step, quiet=as_json))
    _summarize(steps, as_json, {"stack": stack.name, "engine": "embedded", "outputs": record.outputs})


@click.command()
@stack_option
@engine_option
@json_option
def preview(stack_name: str, engine: str | None, as_json: bool) -> None:
    """Say what `shoal up` would do, and do nothing."""
    from shoal.deploy.engine import deploy, find_host

    stack = _stack(stack_name, engine)
    host = find_host()
    _tell(f"Stack {stack.name} at {host.arm.endpoint}, by the embedded engine:", as_json)
    steps: list[Step] = []
    deploy(stack, host, preview=True, on_step=lambda step: _note(steps, step, quiet=as_json, will=True))
    _summarize(steps, as_json, {"stack": stack.name, "engine": "embedded"}, will=True)


@click.command()
@stack_option
@yes_option
@engine_option
@json_option
def down(stack_name: str, yes: bool, engine: str | None, as_json: bool) -> None:
    """Delete everything that a stack has."""
    from shoal.deploy.engine import destroy, find_host
    from shoal.deploy.record import load_record

    stack = _stack(stack_name, engine)
    host = find_host()
    record = load_record(host.arm, stack.project.name, stack.name)
    if record is None:
        raise BadInput(f"stack {stack.name} is not deployed to {host.arm.endpoint}; there is nothing to delete")
    if not yes:
        _confirm_deletion(stack, len(record.resources))
    _tell(f"Deleting stack {stack.name} from {host.arm.endpoint}", as_json)
    steps: list[Step] = []
    destroy(record, host, on_step=lambda step: _note(steps, step, quiet=as_json))
    _summarize(steps, as_json, {"stack": stack.name, "engine": "embedded"})


@click.command()
@stack_option
@json_option
def outputs(stack_name: str, as_json: bool) -> None:
    """Print the environment document that a deployed stack leaves for the other commands."""
    from pathlib import Path

    from shoal.cli.output import emit_json, emit_table
    from shoal.deploy.outputs import outputs_of
    from shoal.deploy.project import find_project, read_stack

    document = outputs_of(read_stack(stack_name, find_project(Path.cwd())))
    if as_json:
        emit_json(document)
    else:
        emit_table(("OUTPUT", "VALUE"), sorted(document.items()))


def _stack(name: str, engine: str | None) -> "Stack":
    """The stack, if the embedded engine may deploy it. Raises BadInput."""
    from pathlib import Path

    from shoal.deploy.project import Service, find_project, read_stack

    stack = read_stack(name, find_project(Path.cwd()))
    if stack.service is Service.AZURE:
        raise BadInput(
            f"stack {name} is in Azure, where Pulumi's own engine deploys; "
            f"run `pulumi up -s {name}` in {stack.project.directory}"
        )
    if engine == "pulumi":
        raise BadInput(f"stack {name} is on this machine, where the embedded engine deploys; leave out --engine pulumi")
    return stack


def _confirm_deletion(stack: "Stack", resources: int) -> None:
    if not sys.stdin.isatty():
        raise BadInput(f"nobody can be asked whether to delete the {resources} resources of {stack.name}; pass --yes")
    click.confirm(f"Delete the {resources} resources of stack {stack.name}?", abort=True)


def _note(steps: "list[Step]", step: "Step", *, quiet: bool, will: bool = False) -> None:
    steps.append(step)
    if not quiet:
        _show(step, will=will)


def _show(step: "Step", *, will: bool) -> None:
    if step.operation == "same":
        return
    done = f"to be {DONE[step.operation]}" if will else DONE[step.operation]
    diff = f"  [diff: {', '.join(map(str, step.changes))}]" if step.changes else ""
    click.echo(f" {SIGNS[step.operation]:<2} {step.label} {done}{diff}")


def _summarize(steps: "Sequence[Step]", as_json: bool, document: dict[str, object], *, will: bool = False) -> None:
    from shoal.cli.output import emit_json

    counts = {name: sum(step.operation == name for step in steps) for name in (*SIGNS, "same")}
    if as_json:
        changes = [
            {"operation": s.operation, "urn": s.urn, "id": s.id, "changes": [str(change) for change in s.changes]}
            for s in steps
            if s.operation != "same"
        ]
        emit_json({**document, "changes": changes, "unchanged": counts["same"]})
    elif len(steps) == counts["same"]:
        click.echo(f"No changes: all {counts['same']} resources are as declared.")
    else:
        told = [f"{counts[name]} {'to be ' if will else ''}{DONE[name]}" for name in SIGNS if counts[name]]
        click.echo(f"{', '.join(told)}, {counts['same']} unchanged.")


def _tell(message: str, as_json: bool) -> None:
    """To people; where the answer is JSON, beside it."""
    click.echo(message, err=as_json)
