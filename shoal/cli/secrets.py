"""`shoal secrets`: the secrets of this machine, for jobs on the embedded service."""

import sys

import click

from shoal.cli import completion, options, output


@click.group()
def secrets() -> None:
    """Keep the secrets that jobs on the embedded service use. In Azure, nodes read them from Key Vault."""


@secrets.command("set")
@click.argument("name")
def set_(name: str) -> None:
    """Read the secret NAME from stdin. Newlines at its end are left out."""
    from shoal.jobs.secrets.local_store import secret_file, set_secret

    secret_file(name)  # a wrong name, before anything is typed
    value = click.prompt(name, hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.read()
    set_secret(name, value.rstrip("\n"))


@secrets.command("list")
@options.as_json
def list_(as_json: bool) -> None:
    """List the names of the secrets."""
    from shoal.jobs.secrets.local_store import secret_names

    names = secret_names()
    if as_json:
        output.emit_json({"secrets": names})
    elif names:
        click.echo("\n".join(names))
    else:
        click.echo("no secrets", err=True)


@secrets.command("remove")
@click.argument("name", shell_complete=completion.secrets)
def remove(name: str) -> None:
    """Delete the secret NAME."""
    from shoal.errors import BadInput
    from shoal.jobs.secrets.local_store import remove_secret, secret_names
    from shoal.suggestion import suggestion

    if not remove_secret(name):
        raise BadInput(f"there is no secret '{name}'; {suggestion(name, secret_names())}")
