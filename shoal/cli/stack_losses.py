"""Warnings of `shoal down` about the jobs and outputs that are lost, before it asks."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from shoal.errors import ShoalError

if TYPE_CHECKING:
    from shoal.projects.project import Stack


def show_losses(stack: "Stack") -> None:
    """Print on stderr which jobs and outputs are lost. A stack that cannot tell is deleted all the same."""
    from shoal.connect import connected
    from shoal.deploy.stack_outputs import outputs_of
    from shoal.environment import from_json
    from shoal.runs.left_behind import left_behind

    try:
        with connected(from_json(outputs_of(stack))) as services:
            sentences = left_behind(services, [Path.cwd(), Path("results")]).sentences
    except ShoalError as exc:
        sentences = [f"cannot tell which jobs and outputs would be lost: {str(exc).splitlines()[0]}"]
    for sentence in sentences:
        click.echo(f"warning: {sentence}", err=True)
