"""`shoal env diff`: two environments compared."""

from pathlib import Path
from typing import Any

import click

from shoal.cli import options, output


@click.group()
def env() -> None:
    """Compare the environments of a project."""


@env.command()
@click.argument("a")
@click.argument("b")
@click.option("--all", "names_too", is_flag=True, help="Include names and addresses, which always differ.")
@options.as_json
def diff(a: str, b: str, names_too: bool, as_json: bool) -> None:
    """Show the differences between environments A and B.

    Each is a stack of the project or a file of outputs. Exits with 0 if there are no differences, else with 1.
    """
    from shoal.projects.difference import differences, read_side

    one, other = read_side(a, Path.cwd()), read_side(b, Path.cwd())
    different = differences(one, other, names_too=names_too)
    gaps = [*one.gaps, *other.gaps]
    if as_json:
        output.emit_json({"equal": not different, "differences": different, "not_compared": gaps})
    else:
        for gap in gaps:
            click.echo(f"not compared: {gap}", err=True)
        rows = [(item.part, item.key, _cell(item.a), _cell(item.b)) for item in different]
        output.emit_table(("PART", "KEY", a, b), rows) if rows else click.echo(f"{a} and {b} do not differ.")
    click.get_current_context().exit(1 if different else 0)


def _cell(value: Any) -> str:
    import orjson

    if value is None:
        return "-"
    return value if isinstance(value, str) else orjson.dumps(value).decode()
