"""Parquet tables, by pyarrow, which is an extra. Rows are read in batches."""

import math
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from shoal.errors import BadInput
from shoal.jobs.sweep.column_names import axis_names

SUFFIX = ".parquet"
ROWS_AT_ONCE = 1000


def columns(path: Path) -> list[str]:
    with _opened(path) as table:
        return [str(name) for name in table.schema_arrow.names]


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """Read the rows, by the names that templates use. Raises BadInput for a value that JSON cannot hold."""
    axes = axis_names(columns(path), str(path))
    number = 0
    with _opened(path) as table:
        for batch in table.iter_batches(batch_size=ROWS_AT_ONCE):
            for row in batch.to_pylist():
                number += 1
                yield {axes[column]: _plain(value, f"{path} row {number}: {column}") for column, value in row.items()}


def _opened(path: Path) -> Any:
    try:
        from pyarrow.parquet import ParquetFile
    except ImportError as exc:
        raise BadInput(f"the table {path} needs pyarrow; install it with `pip install 'shoal[tables]'`") from exc
    return ParquetFile(path)


def _plain(value: Any, where: str) -> Any:
    """Return a value as JSON has it: dates and decimals become text."""
    match value:
        case float() if not math.isfinite(value):
            raise BadInput(f"{where} is {value}, which is not a finite number")
        case date() | datetime():
            return value.isoformat()
        case Decimal():
            return str(value)
        case list():
            return [_plain(item, where) for item in value]
        case dict():
            return {key: _plain(item, where) for key, item in value.items()}
        case None | bool() | int() | float() | str():
            return value
    raise BadInput(f"{where} is of type {type(value).__name__}; a point has numbers, text, true and false only")
