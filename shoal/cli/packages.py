"""`shoal packages`: the application packages of a stack."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from shoal.cli import options, output

if TYPE_CHECKING:
    from shoal.environment import Environment
    from shoal.runs.package_listing import PackageRow

COLUMNS = ("PACKAGE", "APPLICATION", "VERSION", "STATE", "SIZE", "POOLS")


@click.command()
@options.of_environment
@options.as_json
def packages(environment: "Environment", as_json: bool) -> None:
    """List the application packages of the stack.

    POOLS are those that give the package to every node. Tasks get the packages that their stage names.
    """
    from shoal.connect import connected
    from shoal.runs.package_listing import packages as list_packages

    with connected(environment) as services:
        rows = list(list_packages(services.batch, environment))
    output.emit_listing(rows, "packages", COLUMNS, _cells, as_json=as_json)


def _cells(row: "PackageRow") -> Sequence[object]:
    from shoal.quantities import size

    return (
        *(row.package, row.application, row.version, row.state),
        "" if row.size_bytes is None else size(row.size_bytes),
        ", ".join(row.pools) or "none",
    )
