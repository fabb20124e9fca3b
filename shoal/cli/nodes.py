"""`shoal nodes`: the nodes of pools, listed, rebooted, replaced and recovered."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from shoal.cli import completion, options, output
from shoal.cli.confirmation import confirmed
from shoal.errors import WorkFailed

if TYPE_CHECKING:
    from shoal.connect import Services
    from shoal.environment import Environment
    from shoal.runs.listing import NodeRow


@click.command()
@click.argument("pool", required=False, shell_complete=completion.pools)
@click.option(
    "--recover",
    is_flag=True,
    help="Before that, reboot nodes whose start task failed and replace those that stay unusable. Nodes that run tasks "
    "are left alone.",
)
@click.option(
    "--reboot",
    metavar="NODE",
    shell_complete=completion.nodes,
    help="Reboot this node once its tasks have ended, instead of listing.",
)
@click.option(
    "--replace",
    metavar="NODE",
    shell_complete=completion.nodes,
    help="Remove this node once its tasks have ended, so that the pool makes another.",
)
@options.yes
@options.of_environment
@options.as_json
def nodes(
    pool: str | None,
    recover: bool,
    reboot: str | None,
    replace: str | None,
    yes: bool,
    environment: "Environment",
    as_json: bool,
) -> None:
    """List the nodes of POOL, or of all pools of the stack.

    NODE is an id, or a part of it as lists show it: tvm…01_p.
    """
    from shoal.connect import connected
    from shoal.runs.listing import nodes as list_nodes
    from shoal.runs.listing import requested_pools

    if sum(map(bool, (recover, reboot, replace))) > 1:
        raise click.UsageError("--recover, --reboot and --replace exclude each other")
    with connected(environment) as services:
        if reboot or replace:
            _restart(services, pool, reboot=reboot, replace=replace, yes=yes, as_json=as_json)
            return
        failure = _recover(services, requested_pools(environment, pool), err=as_json) if recover else None
        rows = list(list_nodes(services.batch, environment, pool))
        output.emit_rows(rows, "nodes", as_json=as_json)
    if not as_json:
        _name_simulated(rows)
    # Last: the list shows which nodes it is about.
    if failure is not None:
        raise failure


def _name_simulated(rows: Sequence["NodeRow"]) -> None:
    """Print a sentence for each pool whose nodes, by their ids, are simulated."""
    from shoal.autoscale.simulation.simulated_names import NODE_PREFIX
    from shoal.nodes.simulated_pool import RUNS_NOTHING

    for name in dict.fromkeys(row.pool for row in rows if row.id.startswith(NODE_PREFIX)):
        click.echo(f"pool {name} {RUNS_NOTHING}", err=True)


def _restart(
    services: "Services", pool: str | None, *, reboot: str | None, replace: str | None, yes: bool, as_json: bool
) -> None:
    from shoal.nodes import replacement
    from shoal.nodes.node_lookup import find_node

    node = find_node(services, reboot or replace or "", pool)
    verb = "Reboot" if reboot else "Replace"
    subject = f"node {node.id} of pool {node.pool}, which is {node.state}"
    if not yes and not confirmed(f"{verb} {subject}?", f"{verb.removesuffix('e').lower()}ing {subject},"):
        raise click.Abort
    if reboot:
        replacement.reboot(services, node)
        click.echo(f"node {node.id} reboots once its tasks have ended", err=True)
    else:
        replacement.replace(services, node, report=lambda line: click.echo(line, err=True))
    if as_json:
        output.emit_json({"pool": node.pool, "node_id": node.id, "done": "rebooted" if reboot else "replaced"})


def _recover(services: "Services", pools: Sequence[str], *, err: bool) -> WorkFailed | None:
    """Recover the nodes of these pools of the stack. Return the failure where some do not recover."""
    from shoal.nodes.recover import recover

    ids = [services.environment.pools[name].id for name in pools]
    try:
        recover(services, ids, report=lambda text: click.echo(text, err=err))
    except WorkFailed as exc:
        return exc
    return None
