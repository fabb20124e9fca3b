"""Private endpoints of the Batch account and its storage within a network."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypedDict

import pulumi
from pulumi_azure_native import network, privatedns

from ..component import checked, outputs

Target = Literal["batch", "storage"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    target: Target
    sub_resource: str
    zone: str
    why: str


LINKS = (
    Link(
        target="batch",
        sub_resource="batchAccount",
        zone="privatelink.batch.azure.com",
        why="what runs on nodes calls the Batch service",
    ),
    Link(
        target="batch",
        sub_resource="nodeManagement",
        zone="privatelink.batch.azure.com",
        why="nodes fetch their tasks from the Batch service and report to it",
    ),
    Link(
        target="storage",
        sub_resource="blob",
        zone="privatelink.blob.core.windows.net",
        why="nodes read inputs and packages and write outputs and logs",
    ),
)
"""Source: Azure Private Link, DNS zones of private endpoints; Batch, private endpoints of Batch accounts."""


class PrivateLinksArgs(TypedDict):
    resource_group_name: pulumi.Input[str]
    """Resource group of the endpoints and zones."""
    location: pulumi.Input[str]
    """Azure region of the endpoints."""
    vnet_id: pulumi.Input[str]
    """ARM id of the network in which the accounts' names resolve to the endpoints."""
    endpoint_subnet_id: pulumi.Input[str]
    """ARM id of the subnet of the endpoints."""
    subnet_id: pulumi.Input[str]
    """ARM id of the subnet of the nodes."""
    batch_account_id: pulumi.Input[str]
    """ARM id of the Batch account."""
    storage_account_id: pulumi.Input[str]
    """ARM id of the storage account."""


class PrivateLinks(pulumi.ComponentResource):
    """Private endpoints of a Batch account and its storage, and the private DNS by which nodes find them.

    The accounts can still be reached from outside by authenticated clients, such as a laptop that submits jobs.
    """

    subnet_id: pulumi.Output[str]
    """ARM id of the subnet of the nodes, known once the endpoints can be reached from it."""

    def __init__(self, name: str, args: PrivateLinksArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        args = checked(self, name, PrivateLinksArgs, args)
        super().__init__("shoal:index:PrivateLinks", name, None, opts)
        zones = {zone: self._zone(name, zone, args) for zone in dict.fromkeys(link.zone for link in LINKS)}
        targets: Mapping[Target, pulumi.Input[str]] = {
            "batch": args["batch_account_id"],
            "storage": args["storage_account_id"],
        }
        ways = [self._network_link(f"{name}-{zone}-link", zones[zone], args) for zone in zones]
        endpoint: pulumi.Resource | None = None
        for link in LINKS:
            endpoint = self._endpoint(f"{name}-{link.sub_resource}", link, targets[link.target], args, after=endpoint)
            ways.append(self._zone_group(f"{name}-{link.sub_resource}", endpoint, zones[link.zone], args))
        self.subnet_id = pulumi.Output.all(args["subnet_id"], *ways).apply(lambda ids: str(ids[0]))
        self.register_outputs(outputs(self))

    def _zone(self, name: str, zone: str, args: PrivateLinksArgs) -> "privatedns.PrivateZone":
        return privatedns.PrivateZone(
            f"{name}-{zone}",
            resource_group_name=args["resource_group_name"],
            location="global",
            private_zone_name=zone,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _network_link(self, name: str, zone: "privatedns.PrivateZone", args: PrivateLinksArgs) -> pulumi.Output[str]:
        return privatedns.VirtualNetworkLink(
            name,
            resource_group_name=args["resource_group_name"],
            location="global",
            private_zone_name=zone.name,
            virtual_network_link_name="network",
            virtual_network={"id": args["vnet_id"]},
            registration_enabled=False,
            opts=pulumi.ResourceOptions(parent=self),
        ).id

    def _endpoint(
        self,
        name: str,
        link: Link,
        target: pulumi.Input[str],
        args: PrivateLinksArgs,
        *,
        after: pulumi.Resource | None,
    ) -> "network.PrivateEndpoint":
        """Make an endpoint after the previous one: an account refuses a second endpoint while it gets one."""
        return network.PrivateEndpoint(
            name,
            resource_group_name=args["resource_group_name"],
            location=args["location"],
            private_endpoint_name=name,
            subnet={"id": args["endpoint_subnet_id"]},
            private_link_service_connections=[
                {"name": link.sub_resource, "private_link_service_id": target, "group_ids": [link.sub_resource]}
            ],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[after] if after else None),
        )

    def _zone_group(
        self,
        name: str,
        endpoint: "network.PrivateEndpoint",
        zone: "privatedns.PrivateZone",
        args: PrivateLinksArgs,
    ) -> pulumi.Output[str]:
        return network.PrivateDnsZoneGroup(
            f"{name}-name",
            resource_group_name=args["resource_group_name"],
            private_endpoint_name=endpoint.name,
            private_dns_zone_group_name="default",
            private_dns_zone_configs=[{"name": "zone", "private_dns_zone_id": zone.id}],
            opts=pulumi.ResourceOptions(parent=self),
        ).id
