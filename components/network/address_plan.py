"""The subnets of a private network."""

from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Network, NetmaskValueError

DEFAULT = "10.77.0.0/16"
SMALLEST = 24
"""Prefix length; two subnets of such a network have room for 123 nodes and 123 private endpoints."""
LARGEST = 8
"""Source: Azure Virtual Network FAQ, sizes of IPv4 networks."""
RESERVED = 5
"""Addresses of each subnet that Azure keeps. Source: Azure Virtual Network FAQ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressPlan:
    """A network, one half for nodes and the other for private endpoints, even if there are none."""

    space: IPv4Network
    nodes: IPv4Network
    endpoints: IPv4Network

    @property
    def most_nodes(self) -> int:
        return self.nodes.num_addresses - RESERVED


def address_plan(text: str) -> AddressPlan:
    """Return the plan for a network. Raises ValueError with the rule that the text breaks."""
    try:
        space = IPv4Network(text)
    except (AddressValueError, NetmaskValueError, ValueError) as exc:
        raise ValueError(f"it must be an IPv4 network such as {DEFAULT}: {exc}") from exc
    if not space.is_private:
        raise ValueError(f"it must be a network of private addresses such as {DEFAULT}")
    if not LARGEST <= space.prefixlen <= SMALLEST:
        raise ValueError(f"it must be from /{LARGEST} to /{SMALLEST} in size")
    nodes, endpoints = space.subnets(prefixlen_diff=1)
    return AddressPlan(space=space, nodes=nodes, endpoints=endpoints)
