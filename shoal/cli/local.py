"""`shoal local`: the embedded Batch service on this machine."""

import click


@click.group()
def local() -> None:
    """The embedded Batch service on this machine."""
