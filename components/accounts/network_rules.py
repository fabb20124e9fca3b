"""Public addresses that may reach the accounts: one list for the Batch account and its storage. Pure."""

from collections.abc import Sequence
from ipaddress import IPv4Network
from typing import Annotated

import pulumi
from pulumi_azure_native import batch, storage

from ..argument_types import without

PRIVATE = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
SMALLEST_RANGE = 30
"""Prefix length; smaller ranges are given address by address.
Source: Azure Storage, IP network rules: no /31, no /32, no private addresses, IPv4 only."""


def address_fault(address: str) -> str | None:
    """Return the rule that an address or range breaks."""
    try:
        network = IPv4Network(address)
    except ValueError:
        return "it must be a public IPv4 address, or a range such as 203.0.113.0/24 that begins at its first address"
    if any(network.subnet_of(private) for private in PRIVATE):
        return "it is a private address; Azure sees the public one that your network has outside"
    return None


Address = Annotated[str, without(address_fault)]


def account_rules(addresses: Sequence[str]) -> batch.NetworkProfileArgsDict:
    """Return the rules for callers of the Batch account. Nodes report from addresses of Azure, so all are allowed."""
    actions = batch.EndpointAccessDefaultAction
    return {
        "account_access": {
            "default_action": actions.DENY if addresses else actions.ALLOW,
            "ip_rules": [{"action": batch.IPRuleAction.ALLOW, "value": value} for value in _ranges(addresses)],
        },
        "node_management_access": {"default_action": actions.ALLOW},
    }


def storage_rules(addresses: Sequence[str], subnet_ids: Sequence[pulumi.Input[str]]) -> storage.NetworkRuleSetArgsDict:
    """Return the rules for callers of the storage. Azure's trusted services are always allowed; Batch is none of them.

    The rules are complete even where everybody is allowed: Azure keeps the old ones of those left out.
    """
    is_closed = bool(addresses or subnet_ids)
    return {
        "default_action": storage.DefaultAction.DENY if is_closed else storage.DefaultAction.ALLOW,
        "bypass": storage.Bypass.AZURE_SERVICES,
        "ip_rules": [{"action": storage.Action.ALLOW, "i_p_address_or_range": value} for value in _ranges(addresses)],
        "virtual_network_rules": [
            {"action": storage.Action.ALLOW, "virtual_network_resource_id": id_} for id_ in subnet_ids
        ],
    }


def _ranges(addresses: Sequence[str]) -> list[str]:
    networks = map(IPv4Network, addresses)
    return [
        text
        for network in networks
        for text in ([str(network)] if network.prefixlen <= SMALLEST_RANGE else map(str, network))
    ]
