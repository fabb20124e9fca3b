"""A formula's text as tokens with their places."""

import re
from dataclasses import dataclass
from enum import Enum

from shoal.autoscale.errors import SyntaxFault
from shoal.autoscale.spans import Span


class Kind(Enum):
    NUMBER = "number"
    STRING = "string"
    NAME = "name"
    SYMBOL = "symbol"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    kind: Kind
    text: str
    """As written; a string without its quotes."""
    span: Span


@dataclass(frozen=True, slots=True)
class Comment:
    text: str
    """Without the slashes and the spaces around."""
    span: Span


_TOKEN = re.compile(
    r"""(?P<blank>[ \t\r\f\v]+)
      | (?P<newline>\n)
      | (?P<comment>//[^\n]*)
      | (?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
      | (?P<string>"[^"\n]*")
      | (?P<name>\$?[A-Za-z_][A-Za-z0-9_]*)
      | (?P<symbol>&&|\|\||==|!=|<=|>=|[-+*/!<>=?:;,.()])""",
    re.VERBOSE,
)

_INSTEAD = {
    "%": "there is no remainder; write a - b * floor(a / b)",
    "&": "did you mean '&&'?",
    "|": "did you mean '||'?",
    "'": 'strings stand in double quotes: "..."',
    '"': "the string is not closed on its line",
    "[": "vectors are written vec(1, 2, 3)",
    "{": "there are no blocks; choose with condition ? a : b",
    "^": "there is no power; multiply",
    "#": "comments begin with //",
    "$": "a name must follow the '$'",
}


def tokenize(text: str) -> tuple[list[Token], list[Comment]]:
    """Split the text; the list of tokens ends with an END. Raises SyntaxFault at a character of no token."""
    tokens: list[Token] = []
    comments: list[Comment] = []
    line, line_start, offset = 1, 0, 0
    while offset < len(text):
        found = _TOKEN.match(text, offset)
        column = offset - line_start + 1
        if found is None:
            raise _unknown(text[offset], Span(line, column))
        span = Span(line, column, found.end() - offset)
        match found.lastgroup:
            case "newline":
                line, line_start = line + 1, found.end()
            case "comment":
                comments.append(Comment(found[0][2:].strip(), span))
            case "number" | "string" | "name" | "symbol" as kind:
                tokens.append(Token(Kind(kind), found[0].strip('"'), span))
        offset = found.end()
    tokens.append(Token(Kind.END, "", Span(line, offset - line_start + 1)))
    return tokens, comments


def _unknown(char: str, span: Span) -> SyntaxFault:
    return SyntaxFault(f"unexpected character {char!r}", span, suggestion=_INSTEAD.get(char))
