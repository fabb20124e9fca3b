"""The list of inputs that ACT gets with -i, lines `name[,size[,slots]]`, and the table of a job file made of it."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from shoal.errors import BadInput

LISTED_SLOTS = "listed_slots"
"""Column of the slots in a table where a formula gives those of some rows: 0 in these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    name: str
    size: int
    slots: int | None
    """None where the line ends before."""


def listed_inputs(text: str) -> list[Listed]:
    """Raises BadInput with the line."""
    return [
        Listed(name=row[0].strip(), size=_whole(row, 1, number) or 0, slots=_whole(row, 2, number))
        for number, row in enumerate(csv.reader(io.StringIO(text)), start=1)
        if row and row[0].strip() and not row[0].startswith("#")
    ]


def table(inputs: Sequence[Listed], *, by_formula: bool) -> str:
    """Return the inputs as a table with a header. Without a formula, a line without slots takes one."""
    has_slots = not by_formula or any(item.slots is not None for item in inputs)
    names = ["input", "size", *([LISTED_SLOTS if by_formula else "slots"] if has_slots else [])]
    missing = 0 if by_formula else 1
    rows = [[item.name, item.size, missing if item.slots is None else item.slots] for item in inputs]
    target = io.StringIO()
    csv.writer(target, lineterminator="\n").writerows([names, *(row[: len(names)] for row in rows)])
    return target.getvalue()


def _whole(row: Sequence[str], index: int, line: int) -> int | None:
    value = row[index].strip() if len(row) > index else ""
    if value and not value.isdecimal():
        raise BadInput(
            f"the list of inputs, line {line}: {('size', 'slots')[index - 1]} must be a whole number; it is '{value}'"
        )
    return int(value) if value else None
