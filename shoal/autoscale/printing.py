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


def expression_text(expression: Expression, level: int = _CONDITIONAL) -> str:
    """Return the expression's text, in brackets where it binds looser than its surroundings (`level`) demand."""
    text, own = _text(expression)
    return f"({text})" if own < level else text


def _text(expression: Expression) -> tuple[str, int]:
    match expression:
        case Number(value):
            return number_text(value), _UNARY  # 5.hour would be read as the number 5. and a name
        case Text(value):
            return f'"{value}"', _POSTFIX
        case Name(name):
            return name, _POSTFIX
        case Member(owner, name):
            return f"{expression_text(owner, _POSTFIX)}.{name}", _POSTFIX
        case Method(owner, name, arguments):
            return f"{expression_text(owner, _POSTFIX)}.{name}({_arguments(arguments)})", _POSTFIX
        case Call(name, arguments):
            return f"{name}({_arguments(arguments)})", _POSTFIX
        case Unary(operator, operand):
            return f"{operator}{expression_text(operand, _UNARY)}", _UNARY
        case Binary(operator, left, right):
            own = PRECEDENCE[operator]
            # A right side of the same level keeps its brackets: a - (b - c) is not a - b - c.
            return f"{expression_text(left, own)} {operator} {expression_text(right, own + 1)}", own
        case Conditional(test, then, otherwise):
            parts = (expression_text(test, _CONDITIONAL + 1), expression_text(then), expression_text(otherwise))
            return "{} ? {} : {}".format(*parts), _CONDITIONAL


def _arguments(arguments: tuple[Expression, ...]) -> str:
    return ", ".join(map(expression_text, arguments))


def number_text(value: float) -> str:
    # Below 1e15 a double holds every whole number exactly; above, its own text is the one that reads back the same.
    return str(int(value)) if abs(value) < 1e15 and value == int(value) else repr(float(value))
