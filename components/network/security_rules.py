"""Security rules for the subnet of the nodes, as one table (docs/network-and-monitoring.md shows it)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

ANY: Literal["*"] = "*"
WEB_PORTS = (80, 443)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityRule:
    name: str
    priority: int
    """The matching rule with the lowest priority decides. Source: Azure's own rules come after 65000."""
    direction: Literal["Inbound", "Outbound"]
    access: Literal["Allow", "Deny"]
    peer: str
    """Service tag of the other side; `{region}` stands for the stack's region."""
    protocol: Literal["Tcp", "*"]
    ports: tuple[int, ...]
    """Ports of the other side; none for all."""
    why: str

    def peer_in(self, location: str) -> str:
        return self.peer.format(region=location.replace(" ", "").lower())


NO_ENTRY = SecurityRule(
    name="deny-internet-in",
    priority=4000,
    direction="Inbound",
    access="Deny",
    peer="Internet",
    protocol=ANY,
    ports=(),
    why="nobody reaches a node from outside; with simplified communication the Batch service does not have to",
)
BATCH = SecurityRule(
    name="allow-batch",
    priority=100,
    direction="Outbound",
    access="Allow",
    peer="BatchNodeManagement.{region}",
    protocol=ANY,  # Source: Batch, simplified compute node communication: port 443 for any protocol.
    ports=(443,),
    why="nodes fetch their tasks from the Batch service and report to it",
)
STORAGE = SecurityRule(
    name="allow-storage",
    priority=110,
    direction="Outbound",
    access="Allow",
    peer="Storage.{region}",
    protocol="Tcp",
    ports=(443,),
    why="nodes read inputs and packages and write outputs and logs",
)
NO_EXIT = SecurityRule(
    name="deny-internet-out",
    priority=4000,
    direction="Outbound",
    access="Deny",
    peer="Internet",
    protocol=ANY,
    ports=(),
    why="nothing else leaves the network",
)


def security_rules(internet_ports: Sequence[int]) -> tuple[SecurityRule, ...]:
    """Return the rules of the subnet; Azure's own rules allow everything within the network.

    Source: Batch, simplified compute node communication; virtual network service tags.
    """
    internet = SecurityRule(
        name="allow-internet",
        priority=120,
        direction="Outbound",
        access="Allow",
        peer="Internet",
        protocol="Tcp",
        ports=tuple(internet_ports),
        why="start tasks and tasks fetch what they install",
    )
    return (NO_ENTRY, BATCH, STORAGE, *([internet] if internet_ports else []), NO_EXIT)
