"""Results on stdout: tables for people, JSON for scripts."""

from collections.abc import Sequence
from typing import Any

import click


def emit_json(value: Any) -> None:
    import orjson

    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())


def show_warnings(warnings: Sequence[str]) -> None:
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)


def counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def emit_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print aligned columns, header first, as plain text that can be piped and cut."""
    cells = [list(columns), *([("" if cell is None else str(cell)) for cell in row] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(columns))]
    for row in cells:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
