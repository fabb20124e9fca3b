"""Rules of a pool's image, by the table of images. Pure."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from shoal.azure.images import IMAGES, image_fault
from shoal.environment import OperatingSystem

from ..argument_fault import ArgumentFault, Spelling


def faults(pool: Mapping[str, Any], spelling: Spelling, today: date) -> Iterator[ArgumentFault]:
    image, own, agent, version = map(spelling, ("image", "image_id", "node_agent_sku_id", "image_version"))
    match pool:
        case {"image": _, "image_id": _}:
            yield ArgumentFault(text=f"has both {image} and {own}; a pool has one image")
        case {"image": _, "node_agent_sku_id": _}:
            yield ArgumentFault(text=f"has both {image} and {agent}; the node agent of {image} is known")
        case {"image": name}:
            if reason := image_fault(name, today):
                yield ArgumentFault(at=image, text=f"is {name}; {reason}")
        case {"image_id": _, "image_version": _}:
            yield ArgumentFault(text=f"has both {own} and {version}; the id of your own image has the version in it")
        case {"image_id": _}:
            if "node_agent_sku_id" not in pool:
                yield ArgumentFault(text=f"has {own} but no {agent}; Batch must know which node agent fits it")
        case _:
            yield ArgumentFault(text=f"has no image; give {image}, or {own} and {agent} for one of your own")


def node_agent(pool: Mapping[str, Any]) -> str:
    """Return the node agent of a pool; empty if it is not known."""
    image = IMAGES.get(pool.get("image", ""))
    agent = image.node_agent if image else pool.get("node_agent_sku_id", "")
    return agent if isinstance(agent, str) else ""


def operating_system(pool: Mapping[str, Any]) -> OperatingSystem:
    return OperatingSystem.WINDOWS if is_windows(pool) else OperatingSystem.LINUX


def is_windows(pool: Mapping[str, Any]) -> bool:
    """Return True for a Windows image; an unknown image counts as Linux."""
    return node_agent(pool).startswith("batch.node.windows")
