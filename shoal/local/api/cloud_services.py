"""Checks and completes the cloudServiceConfiguration of a pool, which api-versions before 2024-07-01 have.

Source: Batch REST 2024-02-01.19.0, CloudServiceConfiguration; answers recorded in the tests of azure-cli and of
azure-mgmt-batch, until 2024-02-01.19.0.
"""

from typing import Any

from shoal.local import errors

JsonObject = dict[str, Any]

NAME = "cloudServiceConfiguration"
PROPERTIES = {"osFamily", "osVersion"}
OS_FAMILIES = ("2", "3", "4", "5", "6", "7")
"""Windows Server 2008 R2 SP1 to 2022."""
LATEST = {"osVersion": "*"}


def complete(pool: JsonObject) -> None:
    """Fill in the version of the operating system that is not given. Raises BatchError."""
    given = pool.pop(NAME, None)
    if given is None:
        return
    if not isinstance(given, dict):
        raise errors.invalid_property(NAME, given, "an object is expected")
    if "virtualMachineConfiguration" in pool:
        raise errors.invalid_property(NAME, None, "it excludes virtualMachineConfiguration")
    if unknown := given.keys() - PROPERTIES:
        raise errors.unsupported_property(f"{NAME}.{min(unknown)}")
    if (family := given.get("osFamily")) is None:
        raise errors.missing_property(f"{NAME}.osFamily")
    if family not in OS_FAMILIES:
        raise errors.invalid_property(f"{NAME}.osFamily", family, f"one of {', '.join(OS_FAMILIES)} is expected")
    pool[NAME] = LATEST | {name: value for name, value in given.items() if value}
