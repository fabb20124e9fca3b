"""`shoal resize`: other numbers of nodes for a pool of a fixed size."""

from typing import TYPE_CHECKING

import click

from shoal.cli import completion, options, output

if TYPE_CHECKING:
    from shoal.environment import Environment


@click.command()
@click.argument("pool", shell_complete=completion.pools)
@click.option("--spot", type=click.IntRange(min=0), metavar="N", help="Number of Spot nodes.  [default: as before]")
@click.option(
    "--dedicated", type=click.IntRange(min=0), metavar="N", help="Number of dedicated nodes.  [default: as before]"
)
@options.of_environment
@options.as_json
def resize(pool: str, spot: int | None, dedicated: int | None, environment: "Environment", as_json: bool) -> None:
    """Resize POOL, which has a fixed number of nodes.

    Returns at once. Nodes that leave end their tasks first.
    """
    from shoal.connect import connected
    from shoal.nodes.resizing import resize as resize_pool

    if spot is None and dedicated is None:
        raise click.UsageError("give --spot, --dedicated or both")
    with connected(environment) as services:
        resized = resize_pool(services, pool, dedicated=dedicated, spot=spot)
    if as_json:
        output.emit_json(resized)
    else:
        click.echo(resized.summary)
    if resized.before != resized.after:
        click.echo(
            "the stack's file still has its own spotNodes and dedicatedNodes: change them there as well, or a later "
            "`shoal up` goes back to them; `shoal pools` shows how far the pool is",
            err=True,
        )
