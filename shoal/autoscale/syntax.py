"""The tree of a formula.

Trees are compared by meaning: places in the text do not count.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from shoal.autoscale.spans import NOWHERE, Span
from shoal.autoscale.tokens import Comment


@dataclass(frozen=True, slots=True)
class Number:
    value: float
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Text:
    value: str
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Name:
    """A variable (with its `$`, where it has one), a time constant or a deallocation option."""

    name: str
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Unary:
    operator: str
    operand: "Expression"
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Binary:
    operator: str
    left: "Expression"
    right: "Expression"
    span: Span = field(default=NOWHERE, compare=False)
    """Place of the operator."""


@dataclass(frozen=True, slots=True)
class Conditional:
    test: "Expression"
    then: "Expression"
    otherwise: "Expression"
    span: Span = field(default=NOWHERE, compare=False)
    """Place of the question mark."""


@dataclass(frozen=True, slots=True)
class Call:
    """A function call: `max(a, b)`."""

    name: str
    arguments: tuple["Expression", ...]
    span: Span = field(default=NOWHERE, compare=False)
    """Place of the name."""


@dataclass(frozen=True, slots=True)
class Method:
    """A method call: `$PendingTasks.GetSample(1)`."""

    owner: "Expression"
    name: str
    arguments: tuple["Expression", ...]
    span: Span = field(default=NOWHERE, compare=False)
    """Place of the name."""


@dataclass(frozen=True, slots=True)
class Member:
    """A member: `time().hour`."""

    owner: "Expression"
    name: str
    span: Span = field(default=NOWHERE, compare=False)
    """Place of the name."""


Expression = Number | Text | Name | Unary | Binary | Conditional | Call | Method | Member


@dataclass(frozen=True, slots=True)
class Statement:
    target: Name | None
    """The assigned variable; None for a bare expression such as stop()."""
    value: Expression


@dataclass(frozen=True, slots=True)
class Formula:
    statements: tuple[Statement, ...]
    comments: tuple[Comment, ...] = field(default=(), compare=False)


PRECEDENCE = {
    operator: level
    for level, operators in enumerate(
        [("||",), ("&&",), ("==", "!="), ("<", "<=", ">", ">="), ("+", "-"), ("*", "/")], start=1
    )
    for operator in operators
}
"""Levels of the binary operators, all left-associative. Unary operators bind tighter; the conditional binds looser,
and to the right."""


def children(expression: Expression) -> tuple[Expression, ...]:
    match expression:
        case Unary(_, operand):
            return (operand,)
        case Binary(_, left, right):
            return (left, right)
        case Conditional(test, then, otherwise):
            return (test, then, otherwise)
        case Call(_, arguments):
            return arguments
        case Method(owner, _, arguments):
            return (owner, *arguments)
        case Member(owner, _):
            return (owner,)
        case _:
            return ()


Children = Callable[[Expression], tuple[Expression, ...]]


def postorder(expression: Expression, parts: Children = children) -> Iterator[Expression]:
    """Yield each part of the expression after its own parts, from left to right; the expression itself comes last."""
    # A stack of its own, because the tree may be higher than Python's stack.
    pending = [(expression, False)]
    while pending:
        node, is_open = pending.pop()
        if is_open:
            yield node
        else:
            pending.append((node, True))
            pending += [(part, False) for part in reversed(parts(node))]


def start(expression: Expression) -> Span:
    """Return the place where the text of the expression begins."""
    while True:
        match expression:
            case Binary(_, first, _) | Conditional(first, _, _) | Method(first, _, _) | Member(first, _):
                expression = first
            case _:
                return expression.span
