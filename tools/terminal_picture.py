"""A terminal with lines on it, as an SVG that loads nothing."""

import re
from io import StringIO

from rich.console import Console, RenderableType
from rich.terminal_theme import SVG_EXPORT_THEME

FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
"""Fonts that a viewer would fetch from another host."""


def terminal_picture(title: str, shown: list[RenderableType], width: int, unique_id: str) -> str:
    """Return the SVG. Texts are shown as they are; other things as rich renders them."""
    console = Console(width=width, record=True, file=StringIO(), force_terminal=True, color_system="truecolor")
    for each in shown:
        console.print(each, highlight=False, markup=False)
    svg = console.export_svg(title=title, theme=SVG_EXPORT_THEME, unique_id=unique_id)
    return "\n".join(line.rstrip() for line in FONT.sub("", svg).splitlines()) + "\n"
