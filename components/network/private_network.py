"""A network for nodes that have no public address."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NotRequired, TypedDict

import pulumi
from pulumi_azure_native import network

from ..errors import SettingsError
from . import address_plan
from .security_rules import ANY, WEB_PORTS, SecurityRule, security_rules

NODES = "nodes"
ENDPOINTS = "endpoints"


class Outbound(StrEnum):
    """The way of nodes to what is neither in the network nor storage of its region."""

    NAT = "nat"
    """Through a NAT gateway with one public address, from which nobody can get in."""
    NONE = "none"
    """There is none: nodes reach the Batch service through a private endpoint only."""


class NetworkShape(TypedDict):
    """What a network is, whatever stack it belongs to."""

    address_space: NotRequired[str]
    """10.77.0.0/16 unless given; one half is for nodes, the other for private endpoints."""
    outbound: NotRequired[Outbound]
    """`nat` unless given."""
    outbound_ports: NotRequired[list[int]]
    """TCP ports that nodes may reach in the Internet through the gateway; 80 and 443 unless given."""
    private_endpoints: NotRequired[bool]
    """Whether nodes reach the Batch account and its storage by addresses of the network; false unless given."""


class PrivateNetworkArgs(NetworkShape):
    resource_group_name: pulumi.Input[str]
    """Where everything is made."""
    location: pulumi.Input[str]
    """Azure region of everything."""


class PrivateNetwork(pulumi.ComponentResource):
    """A virtual network with a subnet for nodes, what may pass in and out of it, and the way out.

    Storage of the region is reached by a service endpoint, which costs nothing and takes its traffic past the gateway.
    """

    vnet_id: pulumi.Output[str]
    """ARM id of the network."""
    subnet_id: pulumi.Output[str]
    """Of the nodes."""
    endpoint_subnet_id: pulumi.Output[str]
    """For private endpoints."""

    def __init__(self, name: str, args: PrivateNetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("shoal:index:PrivateNetwork", name, None, opts)
        plan = _plan(args)
        ports = _internet_ports(args)
        group = _security_group(f"{name}-rules", args, security_rules(ports), parent=self)
        nodes: network.SubnetArgsDict = {
            "name": NODES,
            "address_prefix": str(plan.nodes),
            "network_security_group": {"id": group.id},
            "service_endpoints": [{"service": "Microsoft.Storage"}],
            "default_outbound_access": False,
        }
        if args.get("outbound", Outbound.NAT) == Outbound.NAT:
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
        self.register_outputs(
            {"vnetId": self.vnet_id, "subnetId": self.subnet_id, "endpointSubnetId": self.endpoint_subnet_id}
        )


def _plan(args: PrivateNetworkArgs) -> address_plan.AddressPlan:
    space = args.get("address_space", address_plan.DEFAULT)
    try:
        return address_plan.address_plan(space)
    except ValueError as exc:
        raise SettingsError(f"address_space is {space}; {exc}") from exc


def _internet_ports(args: PrivateNetworkArgs) -> Sequence[int]:
    if args.get("outbound", Outbound.NAT) == Outbound.NAT:
        return args.get("outbound_ports", WEB_PORTS)
    if fault := way_out_fault(args):
        raise SettingsError(fault)
    return ()


def way_out_fault(shape: NetworkShape) -> str | None:
    """What is wrong with a network without a gateway, if anything."""
    if shape.get("outbound", Outbound.NAT) == Outbound.NAT:
        return None
    if not shape.get("private_endpoints"):
        return "without a gateway, nodes reach the Batch service through private endpoints only"
    return "without a gateway, no port of the Internet can be reached" if shape.get("outbound_ports") else None


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
        "protocol": "Tcp" if rule.ports else ANY,
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
