"""Mistakes in a component's arguments, in the spelling of whoever wrote them: snake_case in a program, camelCase in the
stack's file."""

from collections.abc import Callable
from dataclasses import dataclass

from pydantic.alias_generators import to_camel

Spelling = Callable[[str], str]
"""Turns an argument's path as components spell it, such as `mounts[0].read_only`, into the user's spelling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArgumentFault:
    text: str
    """Follows the argument's path, or "it" where the mapping as a whole is wrong."""
    at: str = ""
    """The argument's path in the user's spelling; empty for the mapping as a whole."""


def as_given(path: str) -> str:
    return path


def camel(path: str) -> str:
    return ".".join(to_camel(step) for step in path.split("."))
