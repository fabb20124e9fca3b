"""The agents of all nodes, real and simulated: each command goes to those of its node."""

from typing import Any

from shoal.local.scheduler.loop import Agents
from shoal.local.simulation.pool_clock import is_simulated


class Machines:
    def __init__(self, *, real: Agents, simulated: Agents) -> None:
        self.real = real
        self.simulated = simulated

    def start(self, node: str, boots: int, setup: dict[str, Any]) -> None:
        self._of(node).start(node, boots, setup)

    def stop(self, node: str) -> None:
        self._of(node).stop(node)

    def close(self, node: str) -> None:
        self._of(node).close(node)

    def wipe(self, node: str) -> None:
        self._of(node).wipe(node)

    def send(self, node: str, command: dict[str, Any]) -> None:
        self._of(node).send(node, command)

    def _of(self, node: str) -> Agents:
        return self.simulated if is_simulated(node) else self.real
