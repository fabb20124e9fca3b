"""Checks a pool's mounts and user accounts. The embedded service makes neither.

Source: REST reference, MountConfiguration and UserAccount.
"""

from typing import Any

from shoal.azure.limits import MOUNTS_PER_NODE
from shoal.local import errors

JsonObject = dict[str, Any]

KINDS = (
    "azureBlobFileSystemConfiguration",
    "nfsMountConfiguration",
    "cifsMountConfiguration",
    "azureFileShareConfiguration",
)
CREDENTIALS = ("accountKey", "sasKey", "identityReference")
SECRETS = frozenset({"password", "sshPrivateKey", "accountKey", "sasKey"})


def check(mounts: list[JsonObject]) -> None:
    """Raises BatchError."""
    if len(mounts) > MOUNTS_PER_NODE:
        raise errors.invalid_property("mountConfiguration", len(mounts), f"at most {MOUNTS_PER_NODE} are allowed")
    for position, mount in enumerate(mounts):
        path = f"mountConfiguration[{position}]"
        _require_one(path, mount, KINDS)
        if blobs := mount.get("azureBlobFileSystemConfiguration"):
            _require_one(f"{path}.azureBlobFileSystemConfiguration", blobs, CREDENTIALS)


def without_secrets(value: Any) -> Any:
    """Return the value without its secrets: Azure never shows them again, and nothing here needs them."""
    match value:
        case dict():
            return {name: without_secrets(item) for name, item in value.items() if name not in SECRETS}
        case list():
            return [without_secrets(item) for item in value]
        case _:
            return value


def _require_one(path: str, given: JsonObject, names: tuple[str, ...]) -> None:
    found = [name for name in names if name in given]
    if len(found) != 1:
        raise errors.invalid_property(path, found, f"exactly one of {', '.join(names)} is expected")
