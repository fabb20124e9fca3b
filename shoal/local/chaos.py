"""What a cloud does to a pool and a laptop would not: machines take time to come, and Spot machines are taken away."""

import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from random import Random

from shoal.local import times
from shoal.local.store import settings

HOUR = 60 * times.MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Chaos:
    """Kept in the state, for all pools of the service."""

    boot_seconds: float = 0.0
    """From the decision to add a node until its agent starts."""
    absence_seconds: float = 2.0
    """How long a pre-empted node is gone before its machine is given back."""
    evictions_per_node_hour: float = 0.0
    """Of each Spot node at work or idle."""
    seed: int = 0
    """Of the evictions' random numbers."""


def load(connection: sqlite3.Connection) -> Chaos:
    return Chaos(
        **{
            field.name: settings.get(connection, f"chaos.{field.name}", getattr(Chaos(), field.name))
            for field in fields(Chaos)
        }
    )


def store(connection: sqlite3.Connection, chaos: Chaos) -> None:
    for name, value in asdict(chaos).items():
        settings.put(connection, f"chaos.{name}", value)


def boot_time(connection: sqlite3.Connection) -> int:
    """Microseconds."""
    return round(load(connection).boot_seconds * times.SECOND)


def absence(connection: sqlite3.Connection) -> int:
    """Microseconds."""
    return round(load(connection).absence_seconds * times.SECOND)


def evicted(nodes: Sequence[int], chaos: Chaos, elapsed: int, random: Random) -> list[int]:
    """Which of the Spot nodes are taken away in so many microseconds. Pure but for the numbers drawn."""
    if not chaos.evictions_per_node_hour:
        return []
    chance = min(1.0, chaos.evictions_per_node_hour * elapsed / HOUR)
    return [node for node in nodes if random.random() < chance]
