"""Which waiting task goes to which node. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Fill = Literal["spread", "pack"]


@dataclass(slots=True)
class Room:
    """A node that may take tasks, and its free slots, of which there is at least one."""

    node: str
    free: int


@dataclass(frozen=True, slots=True)
class Waiting:
    task: int
    slots: int


def placements(rooms: list[Room], tasks: Iterable[Waiting], fill: Fill) -> list[tuple[int, str]]:
    """(task, node) in the order of the queue. Rooms that are full, or held back, leave the list.

    `spread` takes the node with most free slots, `pack` the fullest that still fits. A task that fits nowhere yet holds
    back the node that is nearest to fitting it, so that smaller tasks behind it, even of other jobs, cannot starve it.
    Source: REST reference, taskSchedulingPolicy (spread, pack); which of several waiting tasks goes first, and that
    nothing starves, is this service's choice: Azure documents neither.
    """
    placed = []
    for task in tasks:
        if not rooms:
            break
        fitting = [room for room in rooms if room.free >= task.slots]
        if not fitting:
            rooms.remove(max(rooms, key=lambda room: room.free))
            continue
        room = max(fitting, key=lambda room: room.free if fill == "spread" else -room.free)
        room.free -= task.slots
        placed.append((task.task, room.node))
        if room.free == 0:
            rooms.remove(room)
    return placed
