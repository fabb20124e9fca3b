"""`shoal pools`: the pools of a stack, with what their nodes cost now."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from shoal.cli import options, output

if TYPE_CHECKING:
    from shoal.environment import Environment
    from shoal.runs.pool_listing import PoolRow

COLUMNS = ("POOL", "ID", "SIZE", "STATE", "ALLOCATION", "DEDICATED", "SPOT", "SLOTS", "USD/H", "FORMULA", "PROBLEM")


@click.command()
@options.of_environment
@options.as_json
def pools(environment: "Environment", as_json: bool) -> None:
    """List the pools of the stack: nodes, slots, formula and cost.

    DEDICATED and SPOT are the present nodes of those that are wanted, FORMULA is the result of its last evaluation.
    """
    from shoal.connect import connected
    from shoal.runs.pool_listing import pools as list_pools

    with connected(environment) as services:
        rows = list(list_pools(services.batch, environment))
    output.emit_listing(rows, "pools", COLUMNS, cells, as_json=as_json)
    if rows and not as_json:
        for sentence in _simulations(rows, environment):
            click.echo(sentence, err=True)
        click.echo(_cost(rows, environment), err=True)


def cells(row: "PoolRow") -> Sequence[object]:
    return (
        *(row.pool, row.id, row.vm_size, row.state, row.allocation),
        *(f"{row.dedicated}/{row.target_dedicated}", f"{row.spot}/{row.target_spot}", row.slots),
        "" if row.cost_per_hour is None else f"{row.cost_per_hour:.2f}",
        _formula(row),
        "; ".join(row.resize_errors),
    )


def _formula(row: "PoolRow") -> str:
    if not row.is_autoscaled:
        return "fixed size"
    if row.formula is None:
        return "not evaluated yet"
    at = f"{row.formula.at:%H:%M:%S} " if row.formula.at else ""
    return at + (row.formula.error or row.formula.targets.replace(";", ", "))


def _simulations(rows: Sequence["PoolRow"], environment: "Environment") -> Iterator[str]:
    """Yield a sentence for each pool whose tasks run nothing."""
    from shoal.nodes.simulated_pool import RUNS_NOTHING

    for row in rows:
        if row.has_simulation and environment.is_embedded:
            yield f"pool {row.pool} {RUNS_NOTHING}"


def _cost(rows: Sequence["PoolRow"], environment: "Environment") -> str:
    """Return a sentence about the cost of all pools, and the source of the prices."""
    from shoal.azure.prices import CURRENCY, SOURCE_AND_DAY
    from shoal.runs.pool_listing import GONE

    unknown = sorted({row.vm_size for row in rows if row.cost_per_hour is None and row.state != GONE})
    total = sum(row.cost_per_hour or 0 for row in rows)
    free = "nothing on this machine; in Azure about " if environment.is_embedded else "about "
    more = f", without {', '.join(unknown)}, whose price is not known" if unknown else ""
    return f"these nodes cost {free}{total:.2f} {CURRENCY} an hour{more} ({SOURCE_AND_DAY})"
