"""Tables as lines of text: in full for pipes, and fitted into the width of a terminal. Pure."""

import textwrap
from collections.abc import Iterator, Sequence
from itertools import zip_longest

GAP = "  "
INDENT = "  "
LEAST_ID = 16
"""Ids, words and times of this length or less are not shortened."""
LEAST_SENTENCE = 24
"""Sentences of this length or less are not wrapped."""
LONGEST_WORD = 40
"""Longer words of a sentence, such as a path, may be broken."""
ELLIPSIS = "…"

Column = list[str]
"""The header and the cells below it."""


def full_lines(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield aligned lines, header first, as wide as the values are."""
    columns = [list(column) for column in zip(header, *rows, strict=True)]
    return _lines(columns, [max(map(len, column)) for column in columns], indent="")


def fitted_lines(header: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """Yield lines of at most `width` columns, as far as the values allow.

    Ids are shortened in the middle, as far as they stay different, and sentences are wrapped. A row that is still too
    wide goes on in a second line, as the header does. Empty columns are left out.
    """
    columns = [list(column) for column in zip(header, *rows, strict=True)]
    columns = [column for number, column in enumerate(columns) if number == 0 or any(column[1:])]
    groups = list(_groups(columns, width))
    blocks = [list(_rows(group, indent=INDENT if number else "")) for number, group in enumerate(groups)]
    for row in zip(*blocks, strict=True):
        # Nothing of a row may be in the later columns.
        yield from (line for number, part in enumerate(row) for line in part if line or not number)


def shortened(text: str, length: int) -> str:
    """Return the beginning and the end of a text that is longer than this."""
    if len(text) <= length:
        return text
    end = length // 2
    return text[: length - end - 1] + ELLIPSIS + text[len(text) - end :]


def _groups(columns: Sequence[Column], width: int) -> Iterator[tuple[list[Column], list[int]]]:
    """Yield columns that fit beside each other, with their widths; each group is one line of a row."""
    group: list[Column] = []
    room = width
    for column in columns:
        if group and _needed([*group, column]) > room:
            yield _fitted(group, room)
            group, room = [], width - len(INDENT)
        group.append(column)
    yield _fitted(group, room)


def _needed(columns: Sequence[Column]) -> int:
    return sum(map(_least, columns)) + len(GAP) * (len(columns) - 1)


def _fitted(columns: Sequence[Column], width: int) -> tuple[list[Column], list[int]]:
    """Take what is too much from the widest column, again and again: from ids first, which are read by their ends."""
    widths = [max(map(len, column)) for column in columns]
    least = list(map(_least, columns))
    while (excess := sum(widths) + len(GAP) * (len(widths) - 1) - width) > 0:
        shrinkable = [number for number in range(len(widths)) if widths[number] > least[number]]
        if not shrinkable:
            break
        shrinkable = [number for number in shrinkable if not _is_text(columns[number])] or shrinkable
        widest = max(shrinkable, key=lambda number: widths[number])
        others = max((widths[number] for number in shrinkable if number != widest), default=0)
        widths[widest] = max(least[widest], widths[widest] - excess, min(others, widths[widest] - 1))
    cut = [
        column if _is_text(column) else [column[0], *(shortened(cell, length) for cell in column[1:])]
        for column, length in zip(columns, widths, strict=True)
    ]
    return cut, widths


def _least(column: Column) -> int:
    """Return the width that a column needs: of ids, as much as keeps them apart; of sentences, a few words."""
    widest, header = max(map(len, column)), max(map(len, column[0].split()))
    if _is_text(column):
        longest = max(len(word) for cell in column for word in cell.split())
        return min(widest, max(LEAST_SENTENCE, header, min(longest, LONGEST_WORD)))
    ids = set(column[1:]) or {""}
    return next(
        (
            length
            for length in range(max(header, min(LEAST_ID, max(map(len, ids)))), widest)
            if len({shortened(cell, length) for cell in ids}) == len(ids)
        ),
        widest,
    )


def _is_text(column: Column) -> bool:
    return any(" " in cell for cell in column[1:])


def _rows(group: tuple[list[Column], list[int]], *, indent: str) -> Iterator[list[str]]:
    """Yield the lines of each row; several where a sentence, or the words of a header, are wrapped."""
    columns, widths = group
    for row in zip(*columns, strict=True):
        wrapped = [
            textwrap.wrap(cell, length, break_on_hyphens=False) or [""]
            for cell, length in zip(row, widths, strict=True)
        ]
        yield [_line(cells, widths, indent) for cells in zip_longest(*wrapped, fillvalue="")]


def _lines(columns: Sequence[Column], widths: Sequence[int], *, indent: str) -> Iterator[str]:
    return (_line(row, widths, indent) for row in zip(*columns, strict=True))


def _line(cells: Sequence[str], widths: Sequence[int], indent: str) -> str:
    return (indent + GAP.join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))).rstrip()
