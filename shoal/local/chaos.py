"""Simulated cloud conditions: machines take time to boot, and Spot machines are taken away."""

import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from random import Random

from shoal.local import times
from shoal.local.store import settings

HOUR = 60 * times.MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Chaos:
    """The conditions of all pools of the service. They are kept in the state."""

    boot_seconds: float = 0.0
    """Time between the decision to add a node and the start of its agent."""
    absence_seconds: float = 2.0
    """Time until a pre-empted node gets a machine again."""
    evictions_per_node_hour: float = 0.0
    """Rate for each Spot node that is idle or running."""
    seed: int = 0
    """Seed of the evictions' random numbers."""


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
    """Return the Spot nodes that are taken away in so many microseconds. Pure but for the numbers drawn."""
    if not chaos.evictions_per_node_hour:
        return []
    chance = min(1.0, chaos.evictions_per_node_hour * elapsed / HOUR)
    return [node for node in nodes if random.random() < chance]
