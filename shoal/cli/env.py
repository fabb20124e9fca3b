"""`shoal env`: environments side by side."""

from pathlib import Path
from typing import Any

import click

from shoal.cli import options, output


@click.group()
def env() -> None:
    """Environments of a project: what differs between them."""


@env.command()
@click.argument("a")
@click.argument("b")
@click.option("--all", "names_too", is_flag=True, help="Also what must differ: names of resources, and addresses.")
@options.as_json
def diff(a: str, b: str, names_too: bool, as_json: bool) -> None:
    """Say what differs between two environments: stacks of the project, or files of outputs.

    Ends with 0 where nothing does, and with 1 where something does.
    """
    from shoal.projects.difference import differences, read_side

    one, other = read_side(a, Path.cwd()), read_side(b, Path.cwd())
    found = differences(one, other, names_too=names_too)
    gaps = [*one.gaps, *other.gaps]
    if as_json:
        output.emit_json({"equal": not found, "differences": found, "not_compared": gaps})
    else:
        for gap in gaps:
            click.echo(f"not compared: {gap}", err=True)
        rows = [(item.part, item.key, _cell(item.a), _cell(item.b)) for item in found]
        output.emit_table(("PART", "KEY", a, b), rows) if rows else click.echo(f"{a} and {b} do not differ.")
    click.get_current_context().exit(1 if found else 0)


def _cell(value: Any) -> str:
    import orjson

    if value is None:
        return "-"
    return value if isinstance(value, str) else orjson.dumps(value).decode()
