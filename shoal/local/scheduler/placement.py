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
    instances: int = 1
    """Nodes that it needs at the same time."""


def placements(rooms: list[Room], tasks: Iterable[Waiting], fill: NodeFillType) -> list[tuple[int, str]]:
    """Return (task, node) in the order of the queue. Rooms that are full, or held back, leave the list.

    A task with instances gets all of its nodes together, one entry each with the primary's first, or none.

    `spread` takes the node with most free slots, `pack` the fullest that still fits. A task that fits nowhere yet holds
    back the nodes that are nearest to fitting it, so that smaller tasks behind it, even of other jobs, cannot starve
    it. They are held back for this decision only, so two tasks never wait for nodes that the other one holds.
    Source: REST reference, taskSchedulingPolicy (spread, pack). Azure documents neither which of several waiting tasks
    goes first nor that none starves: both are this service's choice.
    """
    spread = fill is NodeFillType.SPREAD
    placed = []
    for task in tasks:
        if not rooms:
            break
        fitting = [room for room in rooms if room.free >= task.slots]
        if len(fitting) < task.instances:
            for room in _first(rooms, task.instances, spread=True):
                rooms.remove(room)
            continue
        for room in _first(fitting, task.instances, spread=spread):
            room.free -= task.slots
            placed.append((task.task, room.node))
            if room.free == 0:
                rooms.remove(room)
    return placed


def _first(rooms: list[Room], most: int, *, spread: bool) -> list[Room]:
    """Return up to so many rooms, those with most free slots first, or, without `spread`, those with fewest."""
    if most == 1:
        return [max(rooms, key=lambda room: room.free if spread else -room.free)]
    return sorted(rooms, key=lambda room: -room.free if spread else room.free)[:most]
