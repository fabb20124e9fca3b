"""The network of a pool's nodes. They use simplified communication with Batch, which needs no inbound port."""

from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_azure_native import batch

from ..argument_fault import ArgumentFault, Spelling


def network_configuration(pool: Mapping[str, Any]) -> batch.NetworkConfigurationArgsDict | None:
    """Return the network of a pool, or None for Batch's default."""
    network: batch.NetworkConfigurationArgsDict = {}
    if "subnet_id" in pool:
        network["subnet_id"] = pool["subnet_id"]
    if not pool.get("public_ip", True):
        network["public_ip_address_configuration"] = {
            "provision": batch.IPAddressProvisioningType.NO_PUBLIC_IP_ADDRESSES
        }
    if "accelerated_networking" in pool:
        network["enable_accelerated_networking"] = pool["accelerated_networking"]
    return network or None


def subnet_faults(pool: Mapping[str, Any], spelling: Spelling) -> Iterator[ArgumentFault]:
    """Yield a fault for nodes that cannot reach Batch. Source: "Create a Batch pool without public IP addresses"."""
    if not pool.get("public_ip", True) and "subnet_id" not in pool:
        text = (
            f"has {spelling('public_ip')} false but no {spelling('subnet_id')}; such nodes need a subnet with a way out"
        )
        yield ArgumentFault(text=text)
