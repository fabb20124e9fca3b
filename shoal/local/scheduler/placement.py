"""Decides which waiting task goes to which node. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
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


def placements(rooms: list[Room], tasks: Iterable[Waiting], fill: NodeFillType) -> list[tuple[int, str]]:
    """Return (task, node) in the order of the queue. Rooms that are full, or held back, leave the list.

    `spread` takes the node with most free slots, `pack` the fullest that still fits. A task that fits nowhere yet holds
    back the node that is nearest to fitting it, so that smaller tasks behind it, even of other jobs, cannot starve it.
    Source: REST reference, taskSchedulingPolicy (spread, pack). Azure documents neither which of several waiting tasks
    goes first nor that none starves: both are this service's choice.
    """
    spread = fill is NodeFillType.SPREAD
    placed = []
    for task in tasks:
        if not rooms:
            break
        fitting = [room for room in rooms if room.free >= task.slots]
        if not fitting:
            rooms.remove(max(rooms, key=lambda room: room.free))
            continue
        room = max(fitting, key=lambda room: room.free if spread else -room.free)
        room.free -= task.slots
        placed.append((task.task, room.node))
        if room.free == 0:
            rooms.remove(room)
    return placed
