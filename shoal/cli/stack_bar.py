"""A bar of several parts, told apart by their marks as well as by their colours. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    count: int
    mark: str
    style: str


def bar(parts: Sequence[Part], width: int) -> Text:
    """Return the bar; without anything to count, dashes."""
    if not any(part.count for part in parts):
        return Text("-" * width, style="dim")
    text = Text()
    for part, cells in zip(parts, lengths([part.count for part in parts], width), strict=True):
        text.append(part.mark * cells, style=part.style)
    return text


def lengths(counts: Sequence[int], width: int) -> list[int]:
    """Share out the width by the counts. Whatever is there has at least one cell, and the widest one gives way."""
    total = sum(counts)
    cells = [max(1, count * width // total) if count else 0 for count in counts]
    while (spare := width - sum(cells)) > 0:
        # To the part that is furthest below its share.
        most = max(range(len(counts)), key=lambda number: counts[number] * width / total - cells[number])
        cells[most] += 1
    for _ in range(-spare):
        cells[cells.index(max(cells))] -= 1
    return cells
