"""Tasks that wait for slots, and which of them a free node takes.

The earliest task that fits goes first: one that is too wide for what is free does not hold up those behind it.
"""

from collections import deque
from collections.abc import Iterable, Sequence


class TaskQueue:
    """Holds tasks by their number, which is also their order."""

    def __init__(self, slots: Sequence[int]) -> None:
        self._slots = slots
        widths = sorted(set(slots))
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
        """A task that lost its node waits in front again."""
        self._by_width[self._slots[task]].appendleft(task)
        self.count += 1

    def take(self, free: int) -> int | None:
        """The earliest task that `free` slots are enough for."""
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
