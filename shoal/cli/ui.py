"""`shoal ui`: the stack in the browser."""

from importlib.util import find_spec
from pathlib import Path

import click

from shoal.cli import options
from shoal.errors import BadInput

NEEDED = ("starlette", "uvicorn")


@click.command()
@options.stack
@options.document
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help="Listen on this port of this machine; 0 takes any that is free.  [default: 0]",
)
@click.option("--no-open", is_flag=True, help="Print the address, and open no browser.")
@click.option("--read-only", is_flag=True, help="Refuse all actions of the page.")
def ui(stack_name: str, document: Path | None, port: int, no_open: bool, read_only: bool) -> None:
    """Show the stack in the browser, live, until Ctrl-C.

    The page is served on this machine only. Each address works once, in one browser; the next one is printed then.
    """
    _require_installed()
    from shoal.ui.server import serve

    def on_address(address: str, is_first: bool) -> None:
        click.echo(address if is_first else f"opened; for another browser: {address}")
        if is_first and not no_open:
            click.launch(address)

    serve(
        lambda: options.requested_environment(stack_name, document),
        port=port,
        read_only=read_only,
        on_address=on_address,
    )


def _require_installed() -> None:
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise BadInput(
            f"`shoal ui` needs packages that are not installed ({', '.join(missing)}); run `pip install 'shoal[ui]'`"
        )
