"""The command `shoal`: arguments in, one call, output out.

Modules here import click and nothing heavy; what a command needs is imported inside its function, so that
`shoal --help` and completion answer at once.
"""

import sys

import click

from shoal.cli import deploy, local
from shoal.errors import ShoalError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="shoal")
def shoal() -> None:
    """Azure Batch as code: deploy pools, submit sweeps, bring results home; in Azure or on this machine."""


for command in (deploy.up, deploy.preview, deploy.down, deploy.outputs, local.local):
    shoal.add_command(command)


def main() -> None:
    try:
        shoal(standalone_mode=True)
    except ShoalError as exc:
        click.echo(f"error: {exc}", err=True)
        sys.exit(exc.exit_code)
