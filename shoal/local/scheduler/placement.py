"""Decides which waiting task goes to which node. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import NamedTuple

from shoal.local.store.states import NodeFillType


@dataclass(slots=True)
class Room:
    """A node that may take tasks, and the number of its free slots, at least one."""

    node: str
    free: int
    dedicated: bool = True


class Waiting(NamedTuple):
    task: int
    slots: int
    instances: int = 1
    """Nodes that it needs at the same time."""


def placements(
    rooms: list[Room], tasks: Iterable[Waiting], fill: NodeFillType, *, most: int | None = None
) -> list[tuple[int, str]]:
    """Return (task, node) in the order of the queue, up to `most`. Rooms that are full, or held back, leave the list.

    A task with instances gets all of its nodes together, one entry each with the primary's first, or none.

    `spread` takes the node with most free slots, `pack` the fullest that still fits. A task that fits nowhere yet holds
    back the nodes that are nearest to fitting it, so that smaller tasks behind it, even of other jobs, cannot starve
    it. They are held back for this decision only, so two tasks never wait for nodes that the other one holds.
    Source: REST reference, taskSchedulingPolicy (spread, pack). Azure documents neither which of several waiting tasks
    goes first nor that none starves: both are this service's choice.
    """
    open_rooms = OpenRooms(rooms)
    choose = max if fill is NodeFillType.SPREAD else min
    placed: list[tuple[int, str]] = []
    for task in tasks:
        if not open_rooms.by_free or (most is not None and len(placed) >= most):
            break
        if open_rooms.count(task.slots) < task.instances:
            open_rooms.hold_back(task.instances)
            continue
        places = [open_rooms.take(choose(open_rooms.fitting(task.slots))) for _ in range(task.instances)]
        for place in places:
            rooms[place].free -= task.slots
            placed.append((task.task, rooms[place].node))
            open_rooms.add(place)
    rooms[:] = [rooms[place] for place in open_rooms.places()]
    return placed


class OpenRooms:
    """Places of rooms in their list, by free slots: a thousand nodes are not looked through for each task."""

    def __init__(self, rooms: Sequence[Room]) -> None:
        self.rooms = rooms
        self.by_free: dict[int, list[int]] = {}
        """Heaps: of rooms with as many free slots, the first in the list is taken first."""
        for place in range(len(rooms)):
            self.add(place)

    def add(self, place: int) -> None:
        """Add a room unless it is full."""
        if free := self.rooms[place].free:
            heappush(self.by_free.setdefault(free, []), place)

    def fitting(self, slots: int) -> list[int]:
        """Return the numbers of free slots of rooms that have so many."""
        return [free for free in self.by_free if free >= slots]

    def count(self, slots: int) -> int:
        """Return how many rooms have so many free slots."""
        return sum(len(self.by_free[free]) for free in self.fitting(slots))

    def take(self, free: int) -> int:
        """Remove the first room with so many free slots."""
        place = heappop(self.by_free[free])
        if not self.by_free[free]:
            del self.by_free[free]
        return place

    def hold_back(self, most: int) -> None:
        """Remove up to so many rooms, those with most free slots first."""
        for _ in range(most):
            if self.by_free:
                self.take(max(self.by_free))

    def places(self) -> list[int]:
        return sorted(place for places in self.by_free.values() for place in places)
