"""The images and VM sizes that the service offers a stack's account, as it answers itself."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from shoal.account_keys import BATCH_ARM_VERSION
from shoal.arm_access import arm_call
from shoal.connect import Services

CORES = "vCPUs"
"""Name of the capability. Source: azure-rest-api Microsoft.Batch, SkuCapability, and its examples."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedImage:
    id: str
    """`publisher:offer:sku`, in lower case."""
    node_agent: str
    end_of_life: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedSize:
    name: str
    """In lower case."""
    cores: int | None
    end_of_life: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedPool:
    """A pool of the stack, as it is in Batch."""

    name: str
    vm_size: str
    image: str | None
    """None for an image of one's own."""
    node_agent: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    images: tuple[OfferedImage, ...]
    sizes: tuple[OfferedSize, ...]


def read_offer(services: Services) -> Offer:
    environment = services.environment
    path = f"providers/Microsoft.Batch/locations/{environment.location}/virtualMachineSkus"
    skus = arm_call(environment, "GET", path, BATCH_ARM_VERSION)["value"]
    return Offer(images=_images(services), sizes=tuple(map(_size, skus)))


def used_pools(services: Services) -> list[UsedPool]:
    return [_pool(services, name) for name in services.environment.pools]


def image_id(publisher: str | None, offer: str | None, sku: str | None) -> str:
    return f"{publisher}:{offer}:{sku}".lower()


def _images(services: Services) -> tuple[OfferedImage, ...]:
    return tuple(
        OfferedImage(
            id=image_id(image.image_reference.publisher, image.image_reference.offer, image.image_reference.sku),
            node_agent=image.node_agent_sku_id,
            end_of_life=image.batch_support_end_of_life.date() if image.batch_support_end_of_life else None,
        )
        for image in services.batch.list_supported_images()
    )


def _size(sku: dict[str, Any]) -> OfferedSize:
    cores = next((entry["value"] for entry in sku.get("capabilities", []) if entry["name"] == CORES), None)
    end = sku.get("batchSupportEndOfLife")
    return OfferedSize(
        name=sku["name"].lower(),
        cores=int(cores) if cores else None,
        end_of_life=date.fromisoformat(end[:10]) if end else None,
    )


def _pool(services: Services, name: str) -> UsedPool:
    pool = services.batch.get_pool(services.environment.pools[name].id)
    machine = pool.virtual_machine_configuration
    reference = machine.image_reference if machine else None
    own = reference is None or reference.publisher is None
    return UsedPool(
        name=name,
        vm_size=(pool.vm_size or "").lower(),
        image=None if own or reference is None else image_id(reference.publisher, reference.offer, reference.sku),
        node_agent=machine.node_agent_sku_id if machine else None,
    )
