"""Which nodes come and go when a target changes. Pure decisions; the same for a simulated and for a local pool."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

PREEMPTED, STARTING, IDLE = -3, -2, -1
"""How busy a node is that is not running tasks; others count their tasks."""


@dataclass(frozen=True, slots=True)
class Resize:
    """How many nodes to add, and how many of those that stay to let go."""

    add: int = 0
    remove: int = 0


def resize(*, target: int, staying: int, obtainable: int | None) -> Resize:
    """From the nodes that stay (not leaving) to the target, as far as quota and capacity allow."""
    if target < staying:
        return Resize(remove=staying - target)
    limit = target if obtainable is None else min(target, obtainable)
    return Resize(add=max(0, limit - staying))


def leaving(nodes: Iterable[tuple[T, int]], count: int) -> list[T]:
    """The nodes that go first: pre-empted, starting, idle, then those with the fewest tasks; the youngest among equals.

    `nodes` are pairs of a node and how busy it is, oldest first.
    """
    pairs = list(nodes)
    first = sorted(range(len(pairs)), key=lambda index: (pairs[index][1], -index))
    return [pairs[index][0] for index in first[:count]]
