"""Decide which nodes come and go when a target changes, in simulated and in local pools alike."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

PREEMPTED, STARTING, IDLE = -3, -2, -1
"""Busyness of nodes without running tasks; the busyness of any other node is the number of its tasks."""


@dataclass(frozen=True, slots=True)
class Resize:
    """Numbers of nodes to call back, to add and to remove."""

    keep: int = 0
    """Draining nodes that stay after all."""
    add: int = 0
    remove: int = 0


def resize(*, target: int, staying: int, obtainable: int | None, draining: int = 0) -> Resize:
    """Return the step from the `staying` nodes (not leaving) to the target, as far as quota and capacity allow.

    `draining` nodes wait for their last tasks before they leave; they come back before new ones boot. `obtainable` is
    the most nodes that may stay if none of them comes back.
    """
    if target < staying:
        return Resize(remove=staying - target)
    keep = min(draining, target - staying)
    limit = target if obtainable is None else min(target, obtainable + keep)
    return Resize(keep=keep, add=max(0, limit - staying - keep))


def leaving(nodes: Iterable[tuple[T, int]], count: int) -> list[T]:
    """Choose the nodes to remove: pre-empted, starting, idle, then those with fewest tasks; the youngest of equals.

    `nodes` are pairs of a node and its busyness, oldest first.
    """
    pairs = list(nodes)
    first = sorted(range(len(pairs)), key=lambda index: (pairs[index][1], -index))
    return [pairs[index][0] for index in first[:count]]
