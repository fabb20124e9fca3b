"""Parse the text of a formula into a tree.

Source: "Create a formula to automatically scale compute nodes in a Batch pool" for statements and limits. Operators
have the precedence of C; every published formula agrees with it.
"""

from shoal.autoscale.descent import Descent, descend
from shoal.autoscale.errors import FormulaTooLong, SyntaxFault
from shoal.autoscale.spans import Span
from shoal.autoscale.syntax import (
    PRECEDENCE,
    Binary,
    Call,
    Conditional,
    Expression,
    Formula,
    Member,
    Method,
    Name,
    Number,
    Statement,
    Text,
    Unary,
)
from shoal.autoscale.tokens import Kind, Token, tokenize

MAX_CHARACTERS = 8192
MAX_STATEMENTS = 100


def parse(text: str) -> Formula:
    """Read a formula. Raises FormulaTooLong, or SyntaxFault at the first error."""
    if len(text) > MAX_CHARACTERS:
        raise FormulaTooLong(f"the formula has {len(text)} characters; at most {MAX_CHARACTERS} are allowed")
    tokens, comments = tokenize(text)
    statements = _Parser(tokens).statements()
    if len(statements) > MAX_STATEMENTS:
        raise FormulaTooLong(f"the formula has {len(statements)} statements; at most {MAX_STATEMENTS} are allowed")
    return Formula(tuple(statements), tuple(comments))


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._index = 0

    def statements(self) -> list[Statement]:
        statements = []
        while not self._at_end():
            if self._accept(";"):
                continue
            statements.append(self._statement())
            if not (self._at_end() or self._accept(";")):
                raise self._missing_semicolon()
        return statements

    def _statement(self) -> Statement:
        # An assignment differs from a bare expression only in its second token; END follows itself.
        following = self._tokens[min(self._index + 1, len(self._tokens) - 1)]
        if self._next.kind is Kind.NAME and following.text == "=" and following.kind is Kind.SYMBOL:
            name = self._advance()
            self._advance()
            return Statement(Name(name.text, name.span), descend(self._expression()))
        return Statement(None, descend(self._expression()))

    def _expression(self) -> Descent[Expression]:
        test: Expression = yield self._binary(1)
        if not (question := self._accept("?")):
            return test
        then = yield self._expression()
        self._expect(":", "a conditional is written condition ? a : b")
        otherwise = yield self._expression()
        return Conditional(test, then, otherwise, question.span)

    def _binary(self, level: int) -> Descent[Expression]:
        left: Expression = yield self._unary()
        while self._next.kind is Kind.SYMBOL and PRECEDENCE.get(self._next.text, 0) >= level:
            operator = self._advance()
            # One level up: an operator of the same level ends the right side, which makes all of them left-associative.
            right = yield self._binary(PRECEDENCE[operator.text] + 1)
            left = Binary(operator.text, left, right, operator.span)
        return left

    def _unary(self) -> Descent[Expression]:
        if operator := self._accept("-") or self._accept("!"):
            operand = yield self._unary()
            return Unary(operator.text, operand, operator.span)
        postfix: Expression = yield self._postfix()
        return postfix

    def _postfix(self) -> Descent[Expression]:
        expression: Expression = yield self._primary()
        while self._accept("."):
            name = self._next
            if name.kind is not Kind.NAME or name.text.startswith("$"):
                raise self._unexpected("the name of a member or method after '.'")
            self._advance()
            if self._accept("("):
                arguments = yield self._arguments()
                expression = Method(expression, name.text, arguments, name.span)
            else:
                expression = Member(expression, name.text, name.span)
        return expression

    def _primary(self) -> Descent[Expression]:
        token = self._next
        match token.kind:
            case Kind.NUMBER:
                self._advance()
                return Number(_number(token), token.span)
            case Kind.STRING:
                self._advance()
                return Text(token.text, token.span)
            case Kind.NAME:
                self._advance()
                if not token.text.startswith("$") and self._accept("("):
                    arguments = yield self._arguments()
                    return Call(token.text, arguments, token.span)
                return Name(token.text, token.span)
        if not self._accept("("):
            raise self._unexpected("a value")
        inner: Expression = yield self._expression()
        self._expect(")", "the bracket opened at " + _place(token.span) + " is not closed")
        return inner

    def _arguments(self) -> Descent[tuple[Expression, ...]]:
        opened = self._tokens[self._index - 1]  # the caller has accepted the bracket
        arguments: list[Expression] = []
        if self._accept(")"):
            return ()
        while True:
            argument = yield self._expression()
            arguments.append(argument)
            if self._accept(")"):
                return tuple(arguments)
            self._expect(",", "the bracket opened at " + _place(opened.span) + " is not closed")

    @property
    def _next(self) -> Token:
        return self._tokens[self._index]

    def _at_end(self) -> bool:
        return self._next.kind is Kind.END

    def _advance(self) -> Token:
        token = self._next
        self._index += 1
        return token

    def _accept(self, symbol: str) -> Token | None:
        token = self._next
        return self._advance() if token.kind is Kind.SYMBOL and token.text == symbol else None

    def _expect(self, symbol: str, suggestion: str) -> None:
        if not self._accept(symbol):
            raise self._unexpected(f"'{symbol}'", suggestion)

    def _unexpected(self, expected: str, suggestion: str | None = None) -> SyntaxFault:
        token = self._next
        if token.text == "=" and token.kind is Kind.SYMBOL:
            suggestion = "to compare, write '=='"
        actual = "the formula ends" if token.kind is Kind.END else f"found {token.text!r}"
        return SyntaxFault(f"expected {expected}, but {actual}", token.span, suggestion=suggestion)

    def _missing_semicolon(self) -> SyntaxFault:
        if self._next.kind is Kind.SYMBOL:
            return self._unexpected("an operator or ';'")
        last = self._tokens[self._index - 1].span
        behind = Span(last.line, last.column + last.length)
        return SyntaxFault(
            f"';' is missing before {self._next.text!r}", behind, suggestion="end each statement with ';'"
        )


def _number(token: Token) -> float:
    value = float(token.text)
    if value == float("inf"):
        raise SyntaxFault(f"the number {token.text} is too large", token.span)
    return value


def _place(span: Span) -> str:
    return f"line {span.line}, column {span.column}"
