"""Recursive descent whose depth is limited by memory, not by Python's stack.

A formula of 8,192 characters may nest thousands of brackets. A routine written for `descend` yields each one that it
calls, and receives its result.
"""

from collections.abc import Generator
from typing import Any, TypeVar

T = TypeVar("T")

Descent = Generator["Descent[Any]", Any, T]
"""A routine that calls others by yielding them, and returns a T."""


def descend(routine: Descent[T]) -> T:
    """Run the routine and all that it calls, and return its result."""
    stack: list[Descent[Any]] = [routine]
    result: Any = None
    while stack:
        try:
            called = stack[-1].send(result)
        except StopIteration as end:
            stack.pop()
            result = end.value
        else:
            stack.append(called)
            result = None
    returned: T = result
    return returned
