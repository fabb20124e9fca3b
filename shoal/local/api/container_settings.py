"""Checks the container settings of pools and tasks. Pure, but for a look whether this machine can run containers."""

import shlex
from typing import Any

from shoal.container_engine import engine
from shoal.local import errors

JsonObject = dict[str, Any]

POOL_NOT_THERE = ("containerRegistries",)
TASK_NOT_THERE = ("registry",)
MOUNTS = "containerHostBatchBindMounts"
OF_IMAGE = "containerImageDefault"


def check_pool(machine: JsonObject) -> None:
    """Raises BatchError where the nodes of a pool cannot run containers."""
    configuration = machine.get("containerConfiguration")
    if configuration is not None:
        _require_engine("virtualMachineConfiguration property containerConfiguration")
        _refuse("containerConfiguration", configuration, POOL_NOT_THERE)


def check_task(body: JsonObject, kind: str) -> None:
    """Raises BatchError where a task cannot run in its container."""
    settings = body.get("containerSettings")
    if settings is None:
        return
    _require_engine(f"{kind} property containerSettings")
    _refuse("containerSettings", settings, TASK_NOT_THERE)
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


def _refuse(kind: str, body: JsonObject, names: tuple[str, ...]) -> None:
    for name in names:
        if body.get(name):
            raise errors.not_implemented(f"{kind} property {name}")
