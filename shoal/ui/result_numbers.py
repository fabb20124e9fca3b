"""The numbers in a small output of a task, by names that a visitor can choose. Pure."""

import csv
import math
from collections.abc import Iterator, Mapping
from io import StringIO
from typing import Any

import orjson

SUFFIXES = (".json", ".csv", ".tsv", ".txt")
VALUE = "value"
"""The name of a number that has none of its own."""
MOST_NAMES = 50
DEPTH = 3


def numbers(file_name: str, content: bytes) -> dict[str, float]:
    """Return the numbers of a file by their names; none where its content is no such file's.

    A JSON file has them by its keys, `a.b` below others. A table has those of its last row by its header, or as
    `column 1`, `column 2`.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return {}
    found = _of_json(text) if file_name.lower().endswith(".json") else _of_table(text, _delimiter(file_name))
    return dict(list(found.items())[:MOST_NAMES])


def _of_json(text: str) -> dict[str, float]:
    try:
        return dict(_named(orjson.loads(text), ""))
    except orjson.JSONDecodeError:
        return {}


def _named(content: Any, name: str) -> Iterator[tuple[str, float]]:
    if isinstance(content, bool):
        return
    if isinstance(content, int | float):
        yield name or VALUE, float(content)
    elif isinstance(content, Mapping) and name.count(".") < DEPTH:
        for key, value in content.items():
            yield from _named(value, f"{name}.{key}" if name else str(key))


def _of_table(text: str, delimiter: str) -> dict[str, float]:
    try:
        rows = [row for row in csv.reader(StringIO(text), delimiter=delimiter) if row]
    except csv.Error:
        return {}
    if not rows:
        return {}
    has_header = len(rows) > 1 and all(_number(cell) is None for cell in rows[0])
    names = rows[0] if has_header else [f"column {number}" for number in range(1, len(rows[-1]) + 1)]
    found = {name.strip(): _number(cell) for name, cell in zip(names, rows[-1], strict=False)}
    if not has_header and len(found) == 1:
        found = {VALUE: next(iter(found.values()))}
    return {name: value for name, value in found.items() if value is not None}


def _number(cell: str) -> float | None:
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _delimiter(file_name: str) -> str:
    return "\t" if file_name.lower().endswith(".tsv") else ","
