"""Resize errors of a pool and nodes that were taken away, as they appear between readings. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from shoal.nodes.pool_nodes import PoolNode

MOST = 200
"""Incidents that are kept: the latest."""
PREEMPTED = "preempted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    at: datetime
    kind: Literal["eviction", "resize error"]
    text: str


@dataclass(slots=True)
class Incidents:
    """The latest first. Batch keeps no history of either, so they are known from the first reading on."""

    rows: tuple[Incident, ...] = ()
    _taken: frozenset[tuple[str, datetime | None]] = frozenset()
    _errors: frozenset[str] = field(default_factory=frozenset)

    def on_reading(self, nodes: Sequence[PoolNode], errors: Sequence[str], now: datetime) -> None:
        """Add what has appeared since the last reading. An eviction has Batch's time, a resize error that of now."""
        taken = {(node.id, node.since) for node in nodes if node.state == PREEMPTED}
        fresh = [
            *(Incident(at=at or now, kind="eviction", text=node) for node, at in taken - self._taken),
            *(Incident(at=now, kind="resize error", text=text) for text in set(errors) - self._errors),
        ]
        ordered = sorted((*fresh, *self.rows), key=lambda incident: (incident.at, incident.text), reverse=True)
        self.rows, self._taken, self._errors = tuple(ordered[:MOST]), frozenset(taken), frozenset(errors)
