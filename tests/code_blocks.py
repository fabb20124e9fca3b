"""The fenced code blocks of the repository's pages."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.clone import ROOT

PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md")), ROOT / "examples" / "var" / "README.md"]
FENCE = re.compile(
    r"^(?P<fence>`{3,}|~{3,})(?P<words>[^\n`]*)\n(?P<text>.*?)^(?P=fence)$", flags=re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    page: Path
    line: int
    language: str
    """Empty where the fence names none."""
    words: tuple[str, ...]
    """The words behind the language: what a test is to make of the block."""
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path) -> Iterator[Block]:
    """The blocks of a page in order; one within another belongs to the outer."""
    text = page.read_text(encoding="utf-8")
    for fence in FENCE.finditer(text):
        language, *words = fence["words"].split() or [""]
        line = text.count("\n", 0, fence.start()) + 1
        yield Block(page=page, line=line, language=language, words=tuple(words), text=fence["text"])


def commands(block: Block) -> list[str]:
    """The command lines of a block: all of a script, those behind a prompt where output is shown too.

    A line that ends with a backslash, or within quotes, goes on with the next.
    """
    lines = block.text.splitlines()
    if block.language == "console":
        lines = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
    found: list[str] = []
    for line in lines:
        if found and _goes_on(found[-1]):
            found[-1] = f"{found[-1].removesuffix(chr(92))}\n{line}"
        elif line.strip() and not line.startswith("#"):
            found.append(line)
    return found


def _goes_on(command: str) -> bool:
    return command.endswith("\\") or command.count('"') % 2 == 1
