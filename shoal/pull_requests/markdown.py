"""Pieces of GitHub's markdown that stay intact whatever text they contain."""

import re
from collections.abc import Iterable, Sequence

LIMIT = 65_536
"""Characters of a comment. Source: GitHub REST, issue comments: "body is too long (maximum is 65536 characters)"."""
CUT = "\n_Cut to the maximum length of a comment. `shoal preview` shows everything._\n"
FENCE = re.compile(r"^(`{3,})(\w*)$")


def fenced(text: str, language: str = "") -> str:
    """Return a block of code that nothing in the text can end."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    ticks = "`" * max(3, longest + 1)
    return f"{ticks}{language}\n{text.rstrip()}\n{ticks}"


def code(text: str) -> str:
    """Return code within a line or a cell."""
    return "`" + re.sub(r"\s+", " ", text).replace("`", "'").replace("|", "\\|") + "`"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; its cells are markdown without line breaks."""
    return "\n".join(f"| {' | '.join(row)} |" for row in (columns, ["---"] * len(columns), *rows))


def shortened(lines: Sequence[str], limit: int) -> list[str]:
    """Return at most `limit` lines, and one that counts the rest."""
    if len(lines) <= limit:
        return list(lines)
    return [*lines[:limit], f"… and {len(lines) - limit} more"]


def cut(text: str, limit: int = LIMIT) -> str:
    """Cut a text to `limit` characters at the end of a line, close an open block of code, and add a note."""
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
