"""Translates `$filter`, Batch's subset of OData, to SQL over the columns that an operation offers.

    expression := conjunction ('or' conjunction)*
    conjunction := term ('and' term)*
    term := '(' expression ')' | startswith(PROPERTY, TEXT) | PROPERTY OPERATOR LITERAL

Source: REST reference, "OData filters in Batch". Property names are case-sensitive, values of text are not.
"""

import operator
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from shoal.local import errors, times

Parameter = str | int
Sql = tuple[str, list[Parameter]]

OPERATORS = {"eq": "=", "ne": "!=", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}
COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {name: getattr(operator, name) for name in OPERATORS}
ALL = frozenset(OPERATORS)
EQUALITY = frozenset({"eq", "ne"})
EQUAL = frozenset({"eq"})
PREFIX = "startswith"

MOST_TOKENS = 1_000
DEEPEST = 20
LARGEST = 1 << 63
"""The first integer that the database cannot hold."""
FEW = 2_000
"""Rows with a prefix that are looked up by the index."""

TOKEN = re.compile(r"\s*(datetime'[^']*'|'(?:[^']|'')*'|-?\d+|[A-Za-z_/]+|[(),])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Column:
    """An SQL expression for a property, what its literals are, and the operators that Batch allows on it."""

    sql: str
    kind: str
    """`text` (ids: their columns compare without case), `word` (stored in lower case), `number`, `date`, `boolean`."""
    operators: frozenset[str] = ALL
    usual: Parameter | None = None
    """The value that most entities have; the database has an index of those with another one."""
    keys: str | None = None
    """A query with two parameters, for the keys of the values from one on and before another one, by an index."""


def where(text: str | None, columns: Mapping[str, Column]) -> Sql:
    """Return the SQL condition and its parameters. Raises BatchError InvalidQueryParameterValue."""
    if not text:
        return "1", []
    try:
        parser = Parser(text, columns)
        condition = parser.expression()
        parser.end()
    except FilterError as exc:
        raise errors.invalid_query_parameter("$filter", text, str(exc)) from None
    return condition


def moment_in(json: str, path: str) -> str:
    """Return SQL for a time in a column of JSON, in microseconds; null where there is none."""
    text = f"json_extract({json}, '{path}')"
    seconds = f"CAST(strftime('%s', substr({text}, 1, 19)) AS INTEGER)"
    fraction = f"CAST(substr(rtrim(substr({text}, 21), 'Z') || '000000', 1, 6) AS INTEGER)"
    return f"({seconds} * 1000000 + {fraction})"


def prefix(text: str | None, name: str) -> str:
    """Return the prefix of `startswith(name,'…')`, the only filter that files have; an empty one without a filter."""
    if not text:
        return ""
    try:
        found = tokens(text)
        if len(found) == 6 and [found[0].lower(), *found[1:4], found[5]] == [PREFIX, "(", name, ",", ")"]:
            return str(literal(found[4], Column(name, "text")))
    except FilterError as exc:
        raise errors.invalid_query_parameter("$filter", text, str(exc)) from None
    raise errors.invalid_query_parameter("$filter", text, f"only {PREFIX}({name},'…') is supported here")


def _near(keys: str) -> str:
    """Return a condition that keeps SQLite from reading every row for a prefix that few or none have.

    It follows from the prefix. Where many have the prefix, it holds for every row: a page of them is soon full.
    """
    few = f"FROM ({keys} LIMIT {FEW})"
    first = f"SELECT iif(count(*) < {FEW}, min(key), 0) {few}"
    last = f"SELECT iif(count(*) < {FEW}, max(key), {LARGEST - 1}) {few}"
    return f"key BETWEEN ({first}) AND ({last})"


class FilterError(Exception):
    pass


class Parser:
    def __init__(self, text: str, columns: Mapping[str, Column]) -> None:
        self.tokens = tokens(text)
        self.columns = columns
        self.position = 0
        self.depth = 0

    def expression(self) -> Sql:
        return self.joined("or", lambda: self.joined("and", self.term))

    def joined(self, word: str, part: Callable[[], Sql]) -> Sql:
        """Join parts side by side, not nested: SQLite limits the depth of an expression."""
        parts = [part()]
        while self.accept(word):
            parts.append(part())
        if len(parts) == 1:
            return parts[0]
        sql = f" {word.upper()} ".join(f"({sql})" for sql, _ in parts)
        return sql, [value for _, values in parts for value in values]

    def term(self) -> Sql:
        if self.accept("("):
            return self.inner()
        if self.peek().lower() == PREFIX:
            return self.prefix()
        column = self.column()
        word = self.next().lower()
        if word not in OPERATORS:
            raise FilterError(f"{word!r} is not an operator; use one of {', '.join(OPERATORS)}")
        if word not in column.operators:
            raise FilterError(f"operator {word!r} is not supported on this property")
        value = literal(self.next(), column)
        condition = f"{column.sql} {OPERATORS[word]} ?"
        if column.usual is not None and not COMPARISONS[word](column.usual, value):
            # It follows from the condition, but SQLite takes the index only where it sees the index's own condition.
            condition = f"{condition} AND {column.sql} != {column.usual!r}"
        return condition, [value]

    def inner(self) -> Sql:
        self.depth += 1
        if self.depth > DEEPEST:
            raise FilterError(f"parentheses are nested more than {DEEPEST} deep")
        inner = self.expression()
        self.expect(")")
        self.depth -= 1
        return inner

    def prefix(self) -> Sql:
        self.next()
        self.expect("(")
        column = self.column()
        if PREFIX not in column.operators:
            raise FilterError("startswith is not supported on this property")
        self.expect(",")
        value = str(literal(self.next(), column))
        self.expect(")")
        escaped = re.sub(r"([%_\\])", r"\\\1", value)
        condition = f"{column.sql} LIKE ? ESCAPE '\\'"
        if column.keys is None:
            return condition, [f"{escaped}%"]
        span = [value, value + chr(sys.maxunicode)]
        return f"{condition} AND {_near(column.keys)}", [f"{escaped}%", *span, *span]

    def column(self) -> Column:
        name = self.next()
        if name not in self.columns:
            raise FilterError(f"{name!r} cannot be filtered by; use one of {', '.join(self.columns)}")
        return self.columns[name]

    def peek(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def next(self) -> str:
        token = self.peek()
        self.position += 1
        if not token:
            raise FilterError("the filter ends too early")
        return token

    def accept(self, word: str) -> bool:
        if self.peek().lower() != word:
            return False
        self.position += 1
        return True

    def expect(self, word: str) -> None:
        if not self.accept(word):
            raise FilterError(f"{word!r} is expected before {self.peek()!r}")

    def end(self) -> None:
        if self.peek():
            raise FilterError(f"{self.peek()!r} is not expected there")


def tokens(text: str) -> list[str]:
    found, position = [], 0
    text = text.rstrip()
    while position < len(text):
        match = TOKEN.match(text, position)
        if match is None:
            raise FilterError(f"{text[position:]!r} cannot be read")
        found.append(match[1])
        position = match.end()
        if len(found) > MOST_TOKENS:
            raise FilterError(f"it is longer than {MOST_TOKENS} words and signs")
    return found


def literal(token: str, column: Column) -> Parameter:
    try:
        match column.kind:
            case "number" if -LARGEST <= (number := int(token)) < LARGEST:
                return number
            case "date" if token[:8].lower() == "datetime":
                return times.moment_of(token[9:-1])
            case "boolean" if token.lower() in ("true", "false"):
                return int(token.lower() == "true")
            case "text" if token[0] == "'":
                return token[1:-1].replace("''", "'")
            case "word" if token[0] == "'":
                return token[1:-1].lower()
    except ValueError as exc:
        raise FilterError(f"{token} is not a {column.kind}: {exc}") from None
    raise FilterError(f"{token} is not a {column.kind}")
