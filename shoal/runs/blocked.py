"""Tasks that can never run, because a task that they depend on will never satisfy them: Batch leaves them active.

Source: Batch REST, TaskDependencies and "Create task dependencies": ids are compared without case; in a range every
integer needs a task that satisfies it, `4`, `04` and `004` all stand for 4, and a missing one blocks.
"""

from bisect import bisect_left
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence

Parent = str | range
"""A task that another one depends on, by its id, or the integers of a range of ids."""


def blocked(waiting: Mapping[str, Sequence[Parent]], ended: Mapping[str, bool], *, exact: bool) -> set[str]:
    """Return the waiting tasks that can never run, in time proportional to their dependencies. Ids are in lower case.

    `waiting` has the parents of each waiting task, `ended` the completed tasks and whether each satisfies its
    dependents; a reactivated task is in both, and waits. Where these are all tasks of the job (`exact`), a parent in
    neither is missing; else it may have succeeded, and so may another task with the integer of a failed one: ranges are
    then taken as satisfied.
    """
    dependents = _dependents(waiting)
    spans = [parent for parent in dependents if isinstance(parent, range)] if exact else []
    numbers = Numbers({*waiting, *(task for task, satisfies in ended.items() if satisfies)} if spans else ())
    unmet: deque[Parent] = deque(span for span in spans if not numbers.cover(span))
    unmet += [
        parent
        for parent in dependents
        if isinstance(parent, str) and parent not in waiting and not ended.get(parent, not exact)
    ]
    lost: set[str] = set()
    while unmet:
        for child in set(dependents.pop(unmet.popleft(), ())) - lost:
            lost.add(child)
            number = numbers.remove(child)
            unmet += [child, *(span for span in spans if number is not None and number in span)]
    return lost


class Numbers:
    """Integers that a range can count on: those of the tasks that satisfy it, or still may."""

    def __init__(self, task_ids: Iterable[str]) -> None:
        self._tasks = Counter(number for number in map(_number, task_ids) if number is not None)
        self._sorted = sorted(self._tasks)

    def cover(self, span: range) -> bool:
        """Return True where every integer of the span had a task at first."""
        return bisect_left(self._sorted, span.stop) - bisect_left(self._sorted, span.start) == len(span)

    def remove(self, task_id: str) -> int | None:
        """Take a task away. Return its integer if no other task stands for it."""
        number = _number(task_id)
        if number is None or number not in self._tasks:
            return None
        self._tasks[number] -= 1
        return None if self._tasks[number] else number


def _dependents(waiting: Mapping[str, Sequence[Parent]]) -> dict[Parent, list[str]]:
    dependents: defaultdict[Parent, list[str]] = defaultdict(list)
    for child, parents in waiting.items():
        for parent in parents:
            dependents[parent].append(child)
    return dict(dependents)


def _number(task_id: str) -> int | None:
    return int(task_id) if task_id.isascii() and task_id.isdigit() else None
