"""Tables of points: CSV and TSV with a header, JSON Lines, Parquet. Rows are read one by one."""

import csv
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

import orjson

from shoal.errors import BadInput
from shoal.jobs.file.job_parameters import convert
from shoal.jobs.file.sweep_spec import Table
from shoal.jobs.sweep import parquet_table
from shoal.jobs.sweep.column_names import axis_names

_DELIMITERS = {".csv": ",", ".tsv": "\t", ".txt": "\t"}
_JSON_LINES = (".jsonl", ".ndjson")


def rows(table: Table, folder: Path) -> Iterator[dict[str, Any]]:
    """Read the rows, by the names that templates use. Raises BadInput, with the line, for a row that does not fit."""
    path = folder / table.file
    return _reading(path, lambda: _rows(table, path))


def renamed_columns(table: Table, folder: Path) -> dict[str, str]:
    """Return the columns whose names templates cannot use, and the axes that they become."""
    path = folder / table.file
    return {
        column: axis for column, axis in next(_reading(path, lambda: iter([_axes(path)]))).items() if column != axis
    }


def obstacle(path: Path) -> str | None:
    """Return the reason why there is no table to read, or None."""
    if not path.exists():
        return f"the table {path} does not exist"
    # Reading a pipe would wait for ever.
    return None if path.is_file() or path.is_dir() else f"the table {path} is not a file"


def _reading(path: Path, read: Callable[[], Iterator[dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    """Raises BadInput where the file cannot be read."""
    try:
        if (reason := obstacle(path)) is not None:
            raise BadInput(reason)
        yield from read()
    except (OSError, ValueError, csv.Error) as exc:
        raise BadInput(f"the table {path} cannot be read: {exc}") from exc


def _rows(table: Table, path: Path) -> Iterator[dict[str, Any]]:
    if path.suffix == parquet_table.SUFFIX:
        if table.types:
            raise BadInput(f"the columns of {path} have types of their own; leave `types` out")
        yield from parquet_table.rows(path)
        return
    with _opened(path) as lines:
        yield from _json_rows(lines, path) if path.suffix in _JSON_LINES else _cells(lines, path, table)


def _axes(path: Path) -> dict[str, str]:
    """Return the axis for each column."""
    if path.suffix == parquet_table.SUFFIX:
        return axis_names(parquet_table.columns(path), str(path))
    with _opened(path) as lines:
        if path.suffix in _JSON_LINES:
            first = next(filter(str.strip, lines), "{}")
            return axis_names(_json_row(first, f"{path} line 1"), f"{path} line 1")
        return axis_names(next(_reader(lines, path), []), f"{path} line 1")


def _opened(path: Path) -> TextIO:
    # Excel writes a byte order mark, which -sig drops; newline="" leaves line ends within cells to the csv module.
    return path.open(encoding="utf-8-sig", newline="")


def _reader(lines: TextIO, path: Path) -> Any:
    if path.suffix not in _DELIMITERS:
        raise BadInput(f"the table {path} must be .csv, .tsv or .jsonl, or .parquet")
    return csv.reader(lines, delimiter=_DELIMITERS[path.suffix], strict=True)


def _cells(lines: TextIO, path: Path, table: Table) -> Iterator[dict[str, Any]]:
    reader = _reader(lines, path)
    axes = axis_names(next(reader, []), f"{path} line 1")
    types = _types_by_axis(table.types, axes, path)
    for row in reader:
        if row:
            if len(row) != len(axes):
                raise BadInput(f"{path} line {reader.line_num}: {len(row)} cells under {len(axes)} columns")
            yield {
                axis: _typed(cell, types.get(axis), f"{path} line {reader.line_num}: {axis}")
                for axis, cell in zip(axes.values(), row, strict=True)
            }


def _types_by_axis(types: Mapping[str, str], axes: Mapping[str, str], path: Path) -> dict[str, str]:
    """A type may stand under the name of the column or of its axis."""
    for column in types:
        if column not in axes and column not in axes.values():
            raise BadInput(f"{path} has no column '{column}'; it has {', '.join(axes)}")
    return {axes.get(column, column): kind for column, kind in types.items()}


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
    axes: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        if line.strip():
            row = _json_row(line, f"{path} line {number}")
            axes = axes or axis_names(row, f"{path} line {number}")
            if row.keys() != axes.keys():
                raise BadInput(f"{path} line {number}: its names differ from the first row's, {', '.join(axes)}")
            yield {axes[column]: value for column, value in row.items()}


def _json_row(line: str, where: str) -> dict[str, Any]:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError as exc:
        raise BadInput(f"{where}: this is not JSON: {exc}") from exc
    if not isinstance(row, dict):
        raise BadInput(f"{where}: a row is an object of names and values")
    return row
