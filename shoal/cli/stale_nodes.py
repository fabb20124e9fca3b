"""The look at the nodes after a deployment: which still have an old start task."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from shoal.errors import ShoalError

if TYPE_CHECKING:
    from shoal.deploy.steps import ResourceStep
    from shoal.nodes.restart import StaleNodes


def show_stale_nodes(
    outputs: Mapping[str, Any], steps: "Sequence[ResourceStep]", *, restart: bool, err: bool
) -> "list[StaleNodes]":
    """Print which nodes have an old start task, and restart them on request.

    Without the request, a look that fails is a line: the deployment has succeeded.
    """
    if not restart and not _may_have_nodes(outputs, steps):
        return []
    try:
        return _look(outputs, restart=restart, err=err)
    except ShoalError as exc:
        if restart:
            raise
        click.echo(f"the nodes' start tasks could not be compared: {exc}", err=True)
        return []


def _may_have_nodes(outputs: Mapping[str, Any], steps: "Sequence[ResourceStep]") -> bool:
    """Return False for a first deployment, and for programs that declare other things than an environment."""
    return bool(outputs.get("pools")) and any(step.operation in ("same", "update") for step in steps)


def _look(outputs: Mapping[str, Any], *, restart: bool, err: bool) -> "list[StaleNodes]":
    from shoal.connect import connected
    from shoal.environment import from_json
    from shoal.nodes.restart import line, stale_nodes

    with connected(from_json(outputs)) as services:
        stale = stale_nodes(services, restart=restart)
    for one in stale:
        click.echo(line(one, restart=restart), err=err)
    return stale
