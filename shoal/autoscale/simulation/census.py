"""Counts of nodes by kind and state, and the time that they spent so."""

from dataclasses import dataclass

from shoal.autoscale.simulation.simulated_node import Purchase, State


@dataclass(slots=True)
class Census:
    """Current counts, and node-seconds so far."""

    dedicated: int = 0
    spot: int = 0
    """Spot nodes that are paid for: all but pre-empted ones."""
    preempted: int = 0
    starting: int = 0
    leaving: int = 0
    busy: int = 0
    """Nodes with at least one task."""
    busy_slots: int = 0
    since: int = 0
    dedicated_seconds: int = 0
    spot_seconds: int = 0
    idle_seconds: int = 0
    """Paid time without a task: starting, idle, or waiting to leave."""
    starting_seconds: int = 0
    busy_slot_seconds: int = 0

    def advance(self, now: int) -> None:
        elapsed = now - self.since
        if elapsed:
            self.since = now
            self.dedicated_seconds += self.dedicated * elapsed
            self.spot_seconds += self.spot * elapsed
            self.idle_seconds += (self.dedicated + self.spot - self.busy) * elapsed
            self.starting_seconds += self.starting * elapsed
            self.busy_slot_seconds += self.busy_slots * elapsed

    def enter(self, kind: Purchase, state: State) -> None:
        self._move(kind, state, 1)

    def leave(self, kind: Purchase, state: State) -> None:
        self._move(kind, state, -1)

    def _move(self, kind: Purchase, state: State, change: int) -> None:
        if state is State.PREEMPTED:
            self.preempted += change
            return
        if kind is Purchase.SPOT:
            self.spot += change
        else:
            self.dedicated += change
        if state is State.STARTING:
            self.starting += change
        elif state is State.LEAVING:
            self.leaving += change
