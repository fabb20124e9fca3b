"""Planned actions on a grid of whole seconds; all actions of one second are taken together."""

from collections.abc import Callable
from heapq import heappop, heappush

Action = Callable[[int], None]
"""Called with the second at which it runs."""


class Agenda:
    def __init__(self) -> None:
        self._seconds: list[int] = []
        self._planned: dict[int, list[Action]] = {}
        # Keeps the heap free of duplicates: thousands of tasks may end in the same second.
        self._awaited: set[int] = set()

    def plan(self, second: int, action: Action) -> None:
        """Run the action at that second, after the actions that were planned for it before."""
        self.wake(second)
        self._planned.setdefault(second, []).append(action)

    def wake(self, second: int) -> None:
        """Stop at that second, even where nothing is planned."""
        if second not in self._awaited:
            self._awaited.add(second)
            heappush(self._seconds, second)

    def advance(self) -> tuple[int, list[Action]] | None:
        """Return the next second and its actions, or None when nothing is left."""
        if not self._seconds:
            return None
        second = heappop(self._seconds)
        self._awaited.discard(second)
        return second, self._planned.pop(second, [])
