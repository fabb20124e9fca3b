"""Code for trees too high for closures within closures: a list of instructions, each with its own small closure.

An instruction gets the frame and its own index, and returns the index of the next one. Values of high subtrees are kept
in the registers of the frame.
"""

from collections.abc import Callable

from shoal.autoscale.descent import Descent, descend
from shoal.autoscale.frames import Frame
from shoal.autoscale.operators import Run
from shoal.autoscale.syntax import Binary, Conditional, Expression, children

Instruction = Callable[[Frame, int], int]

MAX_HEIGHT = 50
"""Highest tree of closures. A closure takes up to three calls, and the caller needs room on Python's stack, too."""


class Label:
    """A place in the code, known once the code before it is complete."""

    __slots__ = ("at",)

    def __init__(self) -> None:
        self.at = 0


class Unroller:
    """`runs` holds the closures of all low subtrees by id(); `operation` makes the closure of one node from those of
    its children, and `branch` that of a branch of a conditional."""

    def __init__(
        self,
        runs: dict[int, Run],
        operation: Callable[[Expression], Run],
        branch: Callable[[Conditional, Expression], Run],
    ) -> None:
        self._runs = runs
        self._operation = operation
        self._branch = branch
        self._code: list[Instruction] = []

    def unrolled(self, expression: Expression) -> Run:
        descend(self._emit(expression))
        code, result = self._code, self._runs[id(expression)]

        def run(frame: Frame) -> object:
            at = 0
            while at < len(code):
                at = code[at](frame, at)
            return result(frame)

        return run

    def _emit(self, expression: Expression) -> Descent[None]:
        """Add the code that computes the expression into a register, unless it is low enough for a closure."""
        key = id(expression)
        if key in self._runs:
            return
        match expression:
            case Conditional(test, then, otherwise):
                other, end = Label(), Label()
                yield self._emit(test)
                self._code.append(_leave(self._runs[id(test)], False, other))
                yield self._emit(then)
                self._code += [_store(key, self._branch(expression, then)), _go(end)]
                other.at = len(self._code)
                yield self._emit(otherwise)
                self._code.append(_store(key, self._branch(expression, otherwise)))
                end.at = len(self._code)
            case Binary("&&" | "||" as operator, left, right):
                end = Label()
                yield self._emit(left)
                self._code += [_store(key, _truth(self._runs[id(left)])), _leave(_load(key), operator == "||", end)]
                yield self._emit(right)
                self._code.append(_store(key, _truth(self._runs[id(right)])))
                end.at = len(self._code)
            case _:
                for child in children(expression):
                    yield self._emit(child)
                self._code.append(_store(key, self._operation(expression)))
        self._runs[key] = _load(key)


def _load(register: int) -> Run:
    return lambda frame: frame.registers[register]


def _truth(run: Run) -> Run:
    return lambda frame: 1.0 if run(frame) else 0.0


def _store(register: int, run: Run) -> Instruction:
    def store(frame: Frame, at: int) -> int:
        frame.registers[register] = run(frame)
        return at + 1

    return store


def _leave(test: Run, truth: bool, label: Label) -> Instruction:
    """Go to the label where the test has that truth."""
    return lambda frame, at: label.at if bool(test(frame)) is truth else at + 1


def _go(label: Label) -> Instruction:
    return lambda frame, at: label.at
