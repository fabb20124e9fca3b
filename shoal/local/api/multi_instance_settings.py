"""Checks the settings of a multi-instance task. Pure.

Source: REST reference, MultiInstanceSettings; TaskCreateOptions, requiredSlots. The pool is not looked at: where it
takes no such task, the task stays active, as in Azure.
"""

from typing import Any

from shoal.local import errors
from shoal.local.api import transfers

JsonObject = dict[str, Any]

NAME = "multiInstanceSettings"


def complete(settings: JsonObject, task: JsonObject) -> JsonObject:
    """Return the settings with their defaults; `task` has its own ones already. Raises BatchError."""
    if task.get("containerSettings"):
        # What its coordination command leaves in the background would end with the command's container.
        raise errors.not_implemented(f"task property {NAME} beside containerSettings")
    if task["requiredSlots"] != 1:
        raise errors.invalid_property("requiredSlots", task["requiredSlots"], f"a task with {NAME} must have 1")
    instances = settings.get("numberOfInstances", 1)
    if instances < 1:
        raise errors.invalid_property(f"{NAME}.numberOfInstances", instances, "1 or more is expected")
    if not settings["coordinationCommandLine"].strip():
        raise errors.missing_property(f"{NAME}.coordinationCommandLine")
    transfers.check_resource_files(settings, f"{NAME}.", "commonResourceFiles")
    return {**settings, "numberOfInstances": instances}
