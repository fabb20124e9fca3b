"""The virtual machine of each node of a pool: its image, its node agent, and its disk."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_azure_native import batch

from shoal.azure.images import IMAGES

from ..argument_fault import ArgumentFault, Spelling
from .pool_containers import container_configuration
from .size_rules import vm_size

SPOT_TARGET = re.compile(r"\$TargetLowPriorityNodes\s*=(?!=)", re.IGNORECASE)


def deployment_configuration(pool: Mapping[str, Any]) -> batch.DeploymentConfigurationArgsDict:
    machine: batch.VirtualMachineConfigurationArgsDict = {
        "image_reference": _image_reference(pool),
        "node_agent_sku_id": IMAGES[pool["image"]].node_agent if "image" in pool else pool["node_agent_sku_id"],
    }
    if pool.get("ephemeral_os_disk"):
        machine["os_disk"] = {"ephemeral_os_disk_settings": {"placement": batch.DiffDiskPlacement.CACHE_DISK}}
    if (containers := container_configuration(pool)) is not None:
        machine["container_configuration"] = containers
    return {"virtual_machine_configuration": machine}


def ephemeral_disk_faults(pool: Mapping[str, Any], spelling: Spelling) -> Iterator[ArgumentFault]:
    """Yield faults of the ephemeral disk, which needs dedicated nodes and a size with room on its cache.

    Source: Azure Batch, "Use ephemeral OS disk nodes".
    """
    if not pool.get("ephemeral_os_disk"):
        return
    at = spelling("ephemeral_os_disk")
    if reason := _spot_nodes(pool, spelling):
        text = f"is true, but {reason}; Spot nodes have no ephemeral disks: give {spelling('dedicated_nodes')} alone"
        yield ArgumentFault(at=at, text=text)
    size = vm_size(pool)
    if size is not None and size.cache_disk is False:
        yield ArgumentFault(at=at, text=f"is true, but {pool['vm_size']} has no cache to keep the disk on")


def _image_reference(pool: Mapping[str, Any]) -> batch.ImageReferenceArgsDict:
    if "image_id" in pool:
        return {"id": pool["image_id"]}
    image = IMAGES[pool["image"]]
    return {
        "publisher": image.publisher,
        "offer": image.offer,
        "sku": image.sku,
        "version": pool.get("image_version", "latest"),
    }


def _spot_nodes(pool: Mapping[str, Any], spelling: Spelling) -> str | None:
    """Return the reason why the pool may have Spot nodes. A formula that only the deployment knows is left to Azure."""
    if "spot_nodes" in pool or "dedicated_nodes" in pool:
        return f"{spelling('spot_nodes')} is {pool['spot_nodes']}" if pool.get("spot_nodes") else None
    formula = pool.get("auto_scale_formula")
    if formula is None:
        return "a pool that follows its tasks has Spot nodes"
    sets = isinstance(formula, str) and SPOT_TARGET.search(formula)
    return f"{spelling('auto_scale_formula')} sets $TargetLowPriorityNodes" if sets else None
