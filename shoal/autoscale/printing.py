"""Print a tree as text, with no more brackets than needed.

Parsing the text gives the same tree again. Comments are not part of the tree and are not printed.
"""

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
    postorder,
)

_CONDITIONAL = 0
_UNARY = max(PRECEDENCE.values()) + 1
_POSTFIX = _UNARY + 1


def to_text(formula: Formula) -> str:
    """Return the formula's text, one statement a line."""
    return "".join(f"{statement_text(statement)};\n" for statement in formula.statements)


def statement_text(statement: Statement) -> str:
    value = expression_text(statement.value)
    return value if statement.target is None else f"{statement.target.name} = {value}"


def expression_text(expression: Expression) -> str:
    texts: dict[int, tuple[str, int]] = {}
    for part in postorder(expression):
        texts[id(part)] = _Printer(texts).text(part)
    return texts[id(expression)][0]


class _Printer:
    """Prints an expression whose parts are printed: `texts` holds the text and the level of each, by id()."""

    def __init__(self, texts: dict[int, tuple[str, int]]) -> None:
        self._texts = texts

    def text(self, expression: Expression) -> tuple[str, int]:
        match expression:
            case Number(value):
                return number_text(value), _UNARY  # 5.hour would be read as the number 5. and a name
            case Text(value):
                return f'"{value}"', _POSTFIX
            case Name(name):
                return name, _POSTFIX
            case Member(owner, name):
                return f"{self._part(owner, _POSTFIX)}.{name}", _POSTFIX
            case Method(owner, name, arguments):
                return f"{self._part(owner, _POSTFIX)}.{name}({self._arguments(arguments)})", _POSTFIX
            case Call(name, arguments):
                return f"{name}({self._arguments(arguments)})", _POSTFIX
            case Unary(operator, operand):
                return f"{operator}{self._part(operand, _UNARY)}", _UNARY
            case Binary(operator, left, right):
                own = PRECEDENCE[operator]
                # A right side of the same level keeps its brackets: a - (b - c) is not a - b - c.
                return f"{self._part(left, own)} {operator} {self._part(right, own + 1)}", own
            case Conditional(test, then, otherwise):
                parts = (self._part(test, _CONDITIONAL + 1), self._part(then), self._part(otherwise))
                return "{} ? {} : {}".format(*parts), _CONDITIONAL

    def _arguments(self, arguments: tuple[Expression, ...]) -> str:
        return ", ".join(map(self._part, arguments))

    def _part(self, expression: Expression, level: int = _CONDITIONAL) -> str:
        """Return the text, in brackets where it binds looser than its surroundings demand."""
        text, own = self._texts[id(expression)]
        return f"({text})" if own < level else text


def number_text(value: float) -> str:
    # Below 1e15 a double holds every whole number exactly; above, its own text is the one that reads back the same.
    return str(int(value)) if abs(value) < 1e15 and value == int(value) else repr(float(value))
