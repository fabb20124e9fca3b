"""Split a formula's text into tokens with their places."""

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
    """The text as written; strings lose their quotes."""
    span: Span


@dataclass(frozen=True, slots=True)
class Comment:
    text: str
    """The comment without its slashes and surrounding spaces."""
    span: Span


# The first alternative that fits wins: numbers come before the symbol `.`, and `<=` before `<`. New lines stand
# apart from other blanks, because places are counted from them. Editors write U+FEFF, the byte-order mark, first.
_TOKEN = re.compile(
    r"""(?P<blank>[ \t\r\f\v\ufeff]+)
      | (?P<newline>\n)
      | (?P<comment>//[^\n]*)
      | (?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
      | (?P<string>"[^"\n]*")
      | (?P<name>\$?[A-Za-z_][A-Za-z0-9_]*)
      | (?P<symbol>&&|\|\||==|!=|<=|>=|[-+*/!<>=?:;,.()])""",
    re.VERBOSE,
)

_HINTS = {
    "%": "there is no remainder operator; write a - b * floor(a / b)",
    "&": "did you mean '&&'?",
    "|": "did you mean '||'?",
    "'": 'put strings in double quotes: "..."',
    '"': "the string is not closed on its line",
    "\\": 'the text is escaped, as in JSON or a shell; write " for \\", and a line break for \\n',
    "[": "write a vector as vec(1, 2, 3)",
    "{": "there are no blocks; write condition ? a : b",
    "^": "there is no power operator; multiply",
    "#": "comments begin with //",
    "$": "'$' must be followed by a name",
}


def tokenize(text: str) -> tuple[list[Token], list[Comment]]:
    """Return the tokens, the last of which is an END, and the comments.

    Raises SyntaxFault at a character that begins no token.
    """
    tokens: list[Token] = []
    comments: list[Comment] = []
    line, line_start, offset = 1, 0, 0
    while offset < len(text):
        lexeme = _TOKEN.match(text, offset)
        column = offset - line_start + 1
        if lexeme is None:
            raise _unknown(text[offset], Span(line, column))
        span = Span(line, column, lexeme.end() - offset)
        match lexeme.lastgroup:
            case "newline":
                line, line_start = line + 1, lexeme.end()
            case "comment":
                comments.append(Comment(lexeme[0][2:].strip(), span))
            case "number" | "string" | "name" | "symbol" as kind:
                tokens.append(Token(Kind(kind), lexeme[0].strip('"'), span))  # no string holds a quote itself
        offset = lexeme.end()
    tokens.append(Token(Kind.END, "", Span(line, offset - line_start + 1)))
    return tokens, comments


def _unknown(char: str, span: Span) -> SyntaxFault:
    return SyntaxFault(f"unexpected character {char!r}", span, suggestion=_HINTS.get(char))
