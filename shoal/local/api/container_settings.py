"""Checks the container settings of pools and tasks. Pure, but for a look whether this machine can run containers."""

import shlex
from typing import Any

from shoal.container_engine import engine
from shoal.local import errors

JsonObject = dict[str, Any]

REGISTRIES = "containerRegistries"
MOUNTS = "containerHostBatchBindMounts"
OF_IMAGE = "containerImageDefault"
PASSWORD = "password"
"""Name of a property, no secret."""


def check_pool(machine: JsonObject) -> None:
    """Raises BatchError where the nodes of a pool cannot run containers."""
    configuration = machine.get("containerConfiguration")
    if configuration is not None:
        _require_engine("virtualMachineConfiguration property containerConfiguration")
        for position, registry in enumerate(configuration.get(REGISTRIES, ())):
            _check_registry(f"virtualMachineConfiguration.containerConfiguration.{REGISTRIES}[{position}]", registry)


def check_task(body: JsonObject, kind: str) -> None:
    """Raises BatchError where a task cannot run in its container."""
    settings = body.get("containerSettings")
    if settings is None:
        return
    _require_engine(f"{kind} property containerSettings")
    if registry := settings.get("registry"):
        _check_registry("containerSettings.registry", registry)
        if "password" in registry:
            raise errors.not_implemented(f"{kind} property containerSettings.registry.{PASSWORD}")
    options = settings.get("containerRunOptions", "")
    try:
        shlex.split(options)
    except ValueError as exc:
        raise errors.invalid_property("containerSettings.containerRunOptions", options, str(exc)) from None
    if settings.get(MOUNTS) is not None:
        _check_mounts(settings)


def _check_mounts(settings: JsonObject) -> None:
    """Raises BatchError where directories have no name, or where the task would work in one that is not mounted.

    Source: Learn, "Configure container isolation in Azure Batch task", for the working directory.
    """
    for position, mount in enumerate(settings[MOUNTS]):
        if "source" not in mount:
            raise errors.missing_property(f"containerSettings.{MOUNTS}[{position}].source")
    sources = {mount["source"] for mount in settings[MOUNTS]}
    if "Task" not in sources and settings.get("workingDirectory") != OF_IMAGE:
        reason = f"{OF_IMAGE} is expected where {MOUNTS} is without Task"
        raise errors.invalid_property("containerSettings.workingDirectory", settings.get("workingDirectory"), reason)


def _require_engine(what: str) -> None:
    if engine() is None:
        raise errors.not_implemented(f"{what} on a machine without podman and docker")


def _check_registry(path: str, registry: JsonObject) -> None:
    """Raises BatchError where it is open how to log in at a registry: by name and password, or by an identity.

    Source: Batch REST, ContainerRegistryReference.
    """
    given = {"username", PASSWORD} & registry.keys()
    if "identityReference" in registry and given:
        raise errors.invalid_property(f"{path}.identityReference", None, f"it excludes {' and '.join(sorted(given))}")
    if len(given) == 1:
        (missing,) = {"username", PASSWORD} - given
        raise errors.missing_property(f"{path}.{missing}")


def without_passwords(pool: JsonObject) -> JsonObject:
    """Return a pool without the passwords of its registries, which Azure never shows again."""
    machine = pool.get("virtualMachineConfiguration", {})
    configuration = machine.get("containerConfiguration", {})
    if REGISTRIES not in configuration:
        return pool
    shown = [{k: v for k, v in registry.items() if k != PASSWORD} for registry in configuration[REGISTRIES]]
    changed = {**machine, "containerConfiguration": {**configuration, REGISTRIES: shown}}
    return {**pool, "virtualMachineConfiguration": changed}


def without_passwords_of_auto_pool(job: JsonObject) -> JsonObject:
    """Return a job without the passwords in the pool that is made for it."""
    info = job.get("poolInfo", {})
    if "pool" not in (specification := info.get("autoPoolSpecification", {})):
        return job
    changed = {**specification, "pool": without_passwords(specification["pool"])}
    return {**job, "poolInfo": {**info, "autoPoolSpecification": changed}}
