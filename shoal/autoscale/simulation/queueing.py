"""The queue of tasks that wait for slots.

A node takes the earliest task that fits: a task that is too wide for the free slots does not hold up those behind it.
"""

from collections import deque
from collections.abc import Iterable, Sequence


class TaskQueue:
    """Tasks by number; the number is also their order."""

    def __init__(self, slots: Sequence[int]) -> None:
        self._slots = slots
        widths = sorted(set(slots))
        # One line for each width: the earliest task that fits is the smallest of a few heads, not a search through all.
        self._by_width: dict[int, deque[int]] = {width: deque() for width in widths}
        self._lines = list(self._by_width.items())
        self.count = 0

    def add(self, tasks: Iterable[int]) -> None:
        slots, lines = self._slots, self._by_width
        before = self.count
        for task in tasks:
            lines[slots[task]].append(task)
            before += 1
        self.count = before

    def put_back(self, task: int) -> None:
        """Put a task that lost its node in front again."""
        self._by_width[self._slots[task]].appendleft(task)
        self.count += 1

    def take(self, free: int) -> int | None:
        """Remove and return the earliest task that fits into `free` slots, or None."""
        best: deque[int] | None = None
        for width, line in self._lines:
            if width > free:
                break
            if line and (best is None or line[0] < best[0]):
                best = line
        if best is None:
            return None
        self.count -= 1
        return best.popleft()
