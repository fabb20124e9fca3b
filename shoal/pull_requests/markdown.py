"""Pieces of GitHub's markdown, safe for any text that is put into them."""

import re
from collections.abc import Iterable, Sequence

LIMIT = 65_536
"""Characters of a comment. Source: GitHub REST, issue comments: "body is too long (maximum is 65536 characters)"."""
CUT = "\n_Cut here: a comment takes no more. `shoal preview` shows all of it._\n"
FENCE = re.compile(r"^(`{3,})(\w*)$")


def fenced(text: str, language: str = "") -> str:
    """A block of code that nothing in the text can end."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    ticks = "`" * max(3, longest + 1)
    return f"{ticks}{language}\n{text.rstrip()}\n{ticks}"


def code(text: str) -> str:
    """In a line or a cell, as code."""
    return "`" + re.sub(r"\s+", " ", text).replace("`", "'").replace("|", "\\|") + "`"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Cells are markdown without line breaks."""
    return "\n".join(f"| {' | '.join(row)} |" for row in (columns, ["---"] * len(columns), *rows))


def shortened(lines: Sequence[str], limit: int) -> list[str]:
    if len(lines) <= limit:
        return list(lines)
    return [*lines[:limit], f"… and {len(lines) - limit} more"]


def cut(text: str, limit: int = LIMIT) -> str:
    """At a line's end, with a note, and with the block of code closed in which the cut falls."""
    if len(text) <= limit:
        return text
    kept: list[str] = []
    room = limit - len(CUT)
    fence = ""
    for line in text.splitlines():
        opens = FENCE.match(line)
        after = ("" if fence == line else fence) or (opens[1] if opens and not fence else "")
        room -= len(line) + 1
        if room < len(after) + 1:
            break
        kept.append(line)
        fence = after
    return "\n".join([*kept, *([fence] if fence else [])]) + CUT
