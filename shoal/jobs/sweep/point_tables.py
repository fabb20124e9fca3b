"""Tables of points: CSV and TSV with a header, JSON Lines. Rows are read one by one, however many there are."""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

import orjson

from shoal.errors import BadInput
from shoal.jobs.file.job_parameters import convert
from shoal.jobs.file.spec import Table

_DELIMITERS = {".csv": ",", ".tsv": "\t", ".txt": "\t"}


def rows(table: Table, folder: Path) -> Iterator[dict[str, Any]]:
    """Read the rows. Raises BadInput, with the line, for a row that does not fit the others."""
    path = folder / table.file
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise BadInput(f"the table {path} is not a file")  # reading a pipe would wait for ever
        # Excel writes a byte order mark, which -sig drops; newline="" leaves line ends within cells to the csv module.
        with path.open(encoding="utf-8-sig", newline="") as lines:
            yield from _json_rows(lines, path) if path.suffix in (".jsonl", ".ndjson") else _cells(lines, path, table)
    except FileNotFoundError as exc:
        raise BadInput(f"the table {path} does not exist") from exc
    except (OSError, ValueError, csv.Error) as exc:
        raise BadInput(f"the table {path} cannot be read: {exc}") from exc


def _cells(lines: TextIO, path: Path, table: Table) -> Iterator[dict[str, Any]]:
    if path.suffix not in _DELIMITERS:
        raise BadInput(f"the table {path} must be .csv, .tsv or .jsonl")
    reader = csv.reader(lines, delimiter=_DELIMITERS[path.suffix], strict=True)
    header = next(reader, [])
    _check_header(header, table.types, path)
    for row in reader:
        if row:
            if len(row) != len(header):
                raise BadInput(f"{path} line {reader.line_num}: {len(row)} cells under {len(header)} columns")
            yield {
                column: _typed(cell, table.types.get(column), f"{path} line {reader.line_num}: {column}")
                for column, cell in zip(header, row, strict=True)
            }


def _check_header(header: list[str], types: Mapping[str, str], path: Path) -> None:
    for column in header:
        if not column.isidentifier() or header.count(column) > 1:
            raise BadInput(f"{path} line 1: '{column}' must be a name of its own: letters, digits and _")
    for column in types:
        if column not in header:
            raise BadInput(f"{path} has no column '{column}'; it has {', '.join(header)}")


def _typed(cell: str, kind: str | None, where: str) -> Any:
    """Return a cell in its declared type; without one, a number if it is written back the same way: 007 stays text."""
    if kind is None:
        number = _number(cell)
        return number if number is not None and str(number) == cell else cell
    try:
        return convert(cell, kind)
    except (ValueError, KeyError) as exc:
        raise BadInput(f"{where}: '{cell}' is not of type {kind}") from exc


def _number(cell: str) -> int | float | None:
    for kind in ("int", "float"):
        try:
            number: int | float = convert(cell, kind)
        except ValueError:
            continue
        return number
    return None


def _json_rows(lines: TextIO, path: Path) -> Iterator[dict[str, Any]]:
    columns: set[str] = set()
    for number, line in enumerate(lines, start=1):
        if line.strip():
            row = _json_row(line, f"{path} line {number}")
            columns = columns or set(row)
            if set(row) != columns:
                raise BadInput(f"{path} line {number}: its names differ from the first row's, {', '.join(columns)}")
            yield row


def _json_row(line: str, where: str) -> dict[str, Any]:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError as exc:
        raise BadInput(f"{where}: this is not JSON: {exc}") from exc
    if not isinstance(row, dict) or not all(name.isidentifier() for name in row):
        raise BadInput(f"{where}: a row is an object whose names are letters, digits and _")
    return row
