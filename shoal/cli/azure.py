"""`shoal azure check` and `report`: a deployed stack compared with the service, and what happened in it."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from shoal.cli import options, output

if TYPE_CHECKING:
    from shoal.environment import Environment


@click.group()
def azure() -> None:
    """Compare a deployed stack with the service, and report what happened."""


@azure.command()
@options.of_environment
@options.as_json
def check(environment: "Environment", as_json: bool) -> None:
    """Compare pools and Shoal's tables with what the service offers.

    The service lists its images and VM sizes.
    Exits with 1 if a pool uses something that is not offered, or is supported for less than half a year.
    """
    from datetime import date

    from shoal.account_keys import BATCH_ARM_VERSION
    from shoal.azure.api_versions import version_doubt
    from shoal.azure_check.differences import pool_faults, table_differences
    from shoal.azure_check.offer import read_offer, used_pools
    from shoal.connect import connected, explained
    from shoal.deploy.resources.resource_types import TYPES

    today = date.today()
    with explained(environment), connected(environment) as services:
        offer, pools = read_offer(services), used_pools(services)
    faults, differences = list(pool_faults(offer, pools, today)), list(table_differences(offer, today))
    users = {"the azure-native provider": TYPES["azure-native:batch:Pool"].api_version, "shoal": BATCH_ARM_VERSION}
    versions = [doubt for user, version in users.items() if (doubt := version_doubt(version, user, today))]
    if as_json:
        output.emit_json({"pools": faults, "tables": differences, "api_versions": versions})
    else:
        click.echo(f"{len(offer.images)} images and {len(offer.sizes)} VM sizes are offered in {environment.location}")
        for line in (*faults, *differences, *versions):
            click.echo(line)
        if not faults:
            click.echo("The service offers everything that the stack's pools use.")
    click.get_current_context().exit(1 if faults else 0)


@azure.command()
@options.of_environment
@click.option("--out", type=click.Path(path_type=Path), help="File to write.  [default: standard output]")
def report(environment: "Environment", out: Path | None) -> None:
    """Gather what happened in a stack, as JSON without secrets.

    It contains versions, outputs, pools with their errors and nodes, packages, results of the latest jobs, and roles.
    It contains no keys, tokens, signatures or ids of subscriptions and principals.
    """
    import orjson

    from shoal.azure_check.report import make_report
    from shoal.connect import connected

    with connected(environment) as services:
        text = orjson.dumps(make_report(services), option=orjson.OPT_INDENT_2).decode()
    if out is None:
        click.echo(text)
    else:
        out.write_text(f"{text}\n", encoding="utf-8")
        click.echo(f"{out} is written; read it before you send it")
