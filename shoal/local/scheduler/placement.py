"""Which waiting task goes to which node. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Fill = Literal["spread", "pack"]


@dataclass(slots=True)
class Room:
    """A node that may take tasks, and its free slots."""

    node: str
    free: int


@dataclass(frozen=True, slots=True)
class Waiting:
    task: int
    slots: int


def placements(rooms: Iterable[Room], tasks: Iterable[Waiting], fill: Fill) -> list[tuple[int, str]]:
    """(task, node) in the order of the queue; `rooms` keep their free slots up to date.

    `spread` takes the node with most free slots, `pack` the fullest that still fits. A task that fits nowhere yet holds
    back the node that is nearest to fitting it, so that smaller tasks behind it cannot starve it.
    Source: REST reference, taskSchedulingPolicy (spread, pack); which of several waiting tasks goes first, and that
    nothing starves, is this service's choice: Azure documents neither.
    """
    open_rooms = [room for room in rooms if room.free > 0]
    placed = []
    for task in tasks:
        if not open_rooms:
            break
        fitting = [room for room in open_rooms if room.free >= task.slots]
        if not fitting:
            open_rooms.remove(max(open_rooms, key=lambda room: room.free))
            continue
        room = max(fitting, key=lambda room: room.free if fill == "spread" else -room.free)
        room.free -= task.slots
        placed.append((task.task, room.node))
        if room.free == 0:
            open_rooms.remove(room)
    return placed
