"""How results reach people and scripts: tables for the former, JSON for the latter, errors on stderr."""

from collections.abc import Sequence
from typing import Any

import click


def emit_json(value: Any) -> None:
    import orjson

    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())


def emit_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Aligned columns, header first; plain text, so that it can be piped and cut."""
    cells = [list(columns), *([("" if cell is None else str(cell)) for cell in row] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(columns))]
    for row in cells:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
