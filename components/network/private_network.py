"""A network for nodes that have no public address."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Annotated, NotRequired, TypedDict

import pulumi
from pulumi_azure_native import network
from pydantic import AfterValidator

from ..argument_fault import ArgumentFault, Spelling
from ..argument_types import Port
from ..component import checked, outputs
from .address_plan import DEFAULT, address_plan
from .security_rules import ANY, WEB_PORTS, SecurityRule, security_rules

NODES = "nodes"
ENDPOINTS = "endpoints"


def _can_be_shared_out(space: str) -> str:
    address_plan(space)
    return space


AddressSpace = Annotated[str, AfterValidator(_can_be_shared_out)]


class Outbound(StrEnum):
    """The way of nodes to the Internet."""

    NAT = "nat"
    """Through a NAT gateway with one public address, which lets nobody in."""
    NONE = "none"
    """No way: nodes reach the Batch service through a private endpoint only."""


class NetworkShape(TypedDict):
    """The arguments of a network that do not depend on the stack's resources."""

    address_space: NotRequired[AddressSpace]
    """IPv4 network, one half for nodes, the other for private endpoints; 10.77.0.0/16 unless given."""
    outbound: NotRequired[Outbound]
    """Way of nodes to the Internet; `nat` unless given."""
    outbound_ports: NotRequired[list[Port]]
    """TCP ports of the Internet that nodes may reach through the gateway; 80 and 443 unless given."""
    private_endpoints: NotRequired[bool]
    """True if nodes reach the Batch account and its storage at addresses of the network; false unless given."""


class PrivateNetworkArgs(NetworkShape):
    resource_group_name: pulumi.Input[str]
    """Resource group of the network."""
    location: pulumi.Input[str]
    """Azure region of the network."""


class PrivateNetwork(pulumi.ComponentResource):
    """A virtual network with a subnet for nodes, security rules, and a gateway to the Internet.

    Nodes reach storage of the region by a service endpoint, which is free and keeps that traffic off the gateway.
    """

    vnet_id: pulumi.Output[str]
    """ARM id of the network."""
    subnet_id: pulumi.Output[str]
    """ARM id of the subnet of the nodes."""
    endpoint_subnet_id: pulumi.Output[str]
    """ARM id of the subnet for private endpoints."""

    def __init__(self, name: str, args: PrivateNetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        args = checked(self, name, PrivateNetworkArgs, args, way_out_faults)
        super().__init__("shoal:index:PrivateNetwork", name, None, opts)
        plan = address_plan(args.get("address_space", DEFAULT))
        has_gateway = args.get("outbound", Outbound.NAT) == Outbound.NAT
        ports = args.get("outbound_ports", WEB_PORTS) if has_gateway else ()
        group = _security_group(f"{name}-rules", args, security_rules(ports), parent=self)
        nodes: network.SubnetArgsDict = {
            "name": NODES,
            "address_prefix": str(plan.nodes),
            "network_security_group": {"id": group.id},
            "service_endpoints": [{"service": "Microsoft.Storage"}],
            "default_outbound_access": False,
        }
        if has_gateway:
            nodes["nat_gateway"] = {"id": _gateway(name, args, parent=self).id}
        vnet = network.VirtualNetwork(
            f"{name}-vnet",
            resource_group_name=args["resource_group_name"],
            location=args["location"],
            virtual_network_name=f"{name}-vnet",
            address_space={"address_prefixes": [str(plan.space)]},
            # Within the network's own body: Azure changes one subnet of a network at a time and refuses the others.
            subnets=[
                nodes,
                {"name": ENDPOINTS, "address_prefix": str(plan.endpoints), "default_outbound_access": False},
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.vnet_id = vnet.id
        self.subnet_id = pulumi.Output.concat(vnet.id, "/subnets/", NODES)
        self.endpoint_subnet_id = pulumi.Output.concat(vnet.id, "/subnets/", ENDPOINTS)
        self.register_outputs(outputs(self))


def way_out_faults(shape: NetworkShape, spelling: Spelling) -> Iterator[ArgumentFault]:
    """Yield what is wrong with a network without a gateway."""
    if shape.get("outbound", Outbound.NAT) == Outbound.NAT:
        return
    if not shape.get("private_endpoints"):
        text = "is none; without a gateway, nodes reach the Batch service through private endpoints only"
        yield ArgumentFault(at=spelling("outbound"), text=text)
    if shape.get("outbound_ports"):
        text = "means nothing; without a gateway, no port of the Internet can be reached"
        yield ArgumentFault(at=spelling("outbound_ports"), text=text)


def reaches_internet(shape: NetworkShape, port: int) -> bool:
    """Return True if nodes reach a TCP port of the Internet."""
    return shape.get("outbound", Outbound.NAT) == Outbound.NAT and port in shape.get("outbound_ports", WEB_PORTS)


def _security_group(
    name: str, args: PrivateNetworkArgs, rules: Sequence[SecurityRule], parent: pulumi.Resource
) -> "network.NetworkSecurityGroup":
    location = pulumi.Output.from_input(args["location"])
    return network.NetworkSecurityGroup(
        name,
        resource_group_name=args["resource_group_name"],
        location=args["location"],
        network_security_group_name=name,
        security_rules=[_rule(rule, location.apply(rule.peer_in)) for rule in rules],
        opts=pulumi.ResourceOptions(parent=parent),
    )


def _rule(rule: SecurityRule, peer: pulumi.Output[str]) -> "network.SecurityRuleArgsDict":
    inbound = rule.direction == "Inbound"
    declared: network.SecurityRuleArgsDict = {
        "name": rule.name,
        "description": rule.why,
        "priority": rule.priority,
        "direction": rule.direction,
        "access": rule.access,
        "protocol": rule.protocol,
        "source_address_prefix": peer if inbound else ANY,
        "source_port_range": ANY,
        "destination_address_prefix": ANY if inbound else peer,
    }
    if rule.ports:
        declared["destination_port_ranges"] = [str(port) for port in rule.ports]
    else:
        declared["destination_port_range"] = ANY
    return declared


def _gateway(name: str, args: PrivateNetworkArgs, parent: pulumi.Resource) -> "network.NatGateway":
    address = network.PublicIPAddress(
        f"{name}-address",
        resource_group_name=args["resource_group_name"],
        location=args["location"],
        public_ip_address_name=f"{name}-address",
        sku={"name": network.PublicIPAddressSkuName.STANDARD},
        public_ip_allocation_method=network.IPAllocationMethod.STATIC,
        opts=pulumi.ResourceOptions(parent=parent),
    )
    return network.NatGateway(
        f"{name}-gateway",
        resource_group_name=args["resource_group_name"],
        location=args["location"],
        nat_gateway_name=f"{name}-gateway",
        sku={"name": network.NatGatewaySkuName.STANDARD},
        public_ip_addresses=[{"id": address.id}],
        opts=pulumi.ResourceOptions(parent=parent),
    )
