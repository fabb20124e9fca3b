"""What is wrong with a pool's arguments, said once for whoever declares it: a component in snake_case, or the stack's
configuration in camelCase."""

from collections.abc import Callable
from dataclasses import dataclass

from pydantic.alias_generators import to_camel

Spelling = Callable[[str], str]
"""From an argument's path as components spell it, such as `mounts[0].read_only`, to the user's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    text: str
    """What follows the argument's path, or "it" where the pool as a whole is wrong."""
    at: str = ""
    """The argument's path in the user's spelling; empty for the pool as a whole."""


def as_given(path: str) -> str:
    return path


def camel(path: str) -> str:
    return ".".join(to_camel(step) for step in path.split("."))
