"""Containers on a pool's nodes: the images that each node fetches when it starts, and the registries that have them.

Source: REST reference, ContainerConfiguration (2025-06-01): all tasks of such a pool run in containers.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_azure_native import batch

from ..argument_fault import ArgumentFault, Spelling
from ..argument_types import NotEmpty
from .image_rules import is_windows


class PoolContainers(TypedDict):
    """Containers of a pool's tasks. All tasks of such a pool run in containers."""

    images: NotRequired[list[NotEmpty]]
    """Images that each node fetches before its first task, such as ubuntu:24.04; others are fetched when a task needs
    them."""
    registries: NotRequired[list[NotEmpty]]
    """Registries that nodes log in to by their identity, such as example.azurecr.io."""


def container_configuration(pool: Mapping[str, Any]) -> batch.ContainerConfigurationArgsDict | None:
    """Return the configuration; None for a pool whose tasks run in no container."""
    containers: PoolContainers | None = pool.get("containers")
    if containers is None:
        return None
    configuration: batch.ContainerConfigurationArgsDict = {"type": batch.ContainerType.DOCKER_COMPATIBLE}
    if images := containers.get("images"):
        configuration["container_image_names"] = list(images)
    if registries := containers.get("registries"):
        configuration["container_registries"] = [_registry(server, pool["node_identity_id"]) for server in registries]
    return configuration


def faults(pool: Mapping[str, Any], spelling: Spelling) -> Iterator[ArgumentFault]:
    containers: PoolContainers = pool.get("containers", {})
    if "containers" in pool and is_windows(pool):
        yield ArgumentFault(at=spelling("containers"), text="needs an image of Linux, on which job files run")
    for key, names in (("images", containers.get("images", [])), ("registries", containers.get("registries", []))):
        for i, name in enumerate(names):
            at = spelling(f"containers.{key}[{i}]")
            if any(map(str.isspace, name)):
                yield ArgumentFault(at=at, text=f"is {name!r}; it must have no spaces")
            elif name in names[:i]:
                yield ArgumentFault(at=at, text=f"is {name}, which the list has already")
            elif key == "registries" and "/" in name:
                yield ArgumentFault(at=at, text=f"is {name}; it must be the server alone, such as example.azurecr.io")


def identity_faults(pool: Mapping[str, Any], spelling: Spelling) -> Iterator[ArgumentFault]:
    """Yield registries of a pool that is given no identity of its nodes."""
    for i, name in enumerate(pool.get("containers", {}).get("registries", ())):
        if "node_identity_id" not in pool:
            text = f"is {name}, for which the pool needs {spelling('node_identity_id')}"
            yield ArgumentFault(at=spelling(f"containers.registries[{i}]"), text=text)


def _registry(server: str, identity_id: pulumi.Input[str]) -> batch.ContainerRegistryArgsDict:
    return {"registry_server": server, "identity_reference": {"resource_id": identity_id}}
