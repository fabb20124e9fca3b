"""Places in a formula's text, and their display to a person."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one line."""

    line: int
    """Counted from 1, as in Batch's own messages."""
    column: int
    """Counted from 1."""
    length: int = 1

    def through(self, end: "Span") -> "Span":
        """Return the stretch from here to the end of `end`; unchanged where `end` is on another line."""
        if end.line != self.line:
            return self
        return Span(self.line, self.column, end.column + end.length - self.column)


NOWHERE = Span(0, 0)


def excerpt(text: str, span: Span) -> str:
    """Return the line of the text with carets under the span."""
    lines = text.split("\n")
    if not 1 <= span.line <= len(lines):
        return ""
    line = lines[span.line - 1].rstrip("\r")
    number = f"{span.line:>4} | "
    # Tabs stay tabs under tabs, so that the carets line up wherever the reader's tab stops are.
    indent = "".join("\t" if char == "\t" else " " for char in line[: span.column - 1])
    return f"{number}{line}\n{' ' * (len(number) - 2)}| {indent}{'^' * max(1, span.length)}"
