"""Results on stdout: tables for people, JSON for scripts."""

import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, TypeVar

import click

from shoal.cli.table import fitted_lines, full_lines

T = TypeVar("T")


def emit_json(value: Any) -> None:
    import orjson

    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())


def show_warnings(warnings: Sequence[str]) -> None:
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)


def counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def emit_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print aligned columns, header first."""
    for line in table_lines(columns, rows):
        click.echo(line)


def table_lines(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    """Yield the lines of a table: fitted into a terminal, and in full where piped, so that they can be cut."""
    cells = [[_cell(value) for value in row] for row in rows]
    if sys.stdout.isatty():
        return fitted_lines(columns, cells, shutil.get_terminal_size().columns)
    return full_lines(columns, cells)


def emit_rows(rows: Sequence[Any], noun: str, *, as_json: bool) -> None:
    """Print records as JSON, or as a table with their fields as columns. Without records, say so on stderr."""
    names = [field.name for field in fields(rows[0])] if rows else []
    columns = [name.replace("_", " ").upper() for name in names]
    emit_listing(rows, noun, columns, lambda row: [getattr(row, name) for name in names], as_json=as_json)


def emit_listing(
    rows: Sequence[T], noun: str, columns: Sequence[str], cells: Callable[[T], Sequence[object]], *, as_json: bool
) -> None:
    """Print records as JSON, or as a table with these columns and cells. Without records, say so on stderr."""
    if as_json:
        emit_json(rows)
    elif not rows:
        click.echo(f"no {noun}", err=True)
    else:
        emit_table(columns, [cells(row) for row in rows])


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case datetime() if sys.stdout.isatty():
            return f"{value:%m-%d %H:%M:%S}"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S}"
        case bool() if sys.stdout.isatty():
            return "yes" if value else "no"
        case _:
            return str(value)
