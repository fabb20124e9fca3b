"""Limits of single values: lengths, ranges and characters, by the object and the property that has them. Pure.

`shapes` checks each after the value's type. A limit returns the reason why it refuses a value, or None.
Sources: docstrings of azure-batch 15.1 under the same names, which repeat the REST reference; others stand beside.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from shoal.azure.id_patterns import BATCH_ID, CONTAINER_NAME, SUBNET, arm_id
from shoal.azure.limits import (
    DATA_DISKS,
    DISPLAY_NAME_LENGTH,
    INBOUND_NAT_POOLS,
    LOWEST_UPGRADE_PERCENTS,
    NETWORK_RULE_PRIORITIES,
    PACKAGES_PER_POOL,
    PORTS,
    USER_ACCOUNT_NAME_LENGTH,
)

Limit = Callable[[Any], str | None]

SPECIAL_CONTAINERS = ("$root", "$web", "$logs")
"""Source: Azure Storage, naming and referencing containers."""
CLASSIC_SUBNET = "/providers/Microsoft.ClassicNetwork/virtualNetworks/NETWORK/subnets/NAME"
"""The older form of a subnet's id: NetworkConfiguration, subnetId, leaves the provider open."""
AGENT_PORTS = (29876, 29877)
NAT_POOL_NAME = re.compile(r"(?=.{1,77}$)[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9_])?")
CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f]")
HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""Source: RFC 9110, tokens."""


def _length(most: int, *, least: int = 0) -> Limit:
    expected = f"{least} to {most} characters are expected" if least else f"at most {most} characters are allowed"
    return lambda text: None if least <= len(text) <= most else expected


def _items(most: int) -> Limit:
    return lambda items: None if len(items) <= most else f"at most {most} are allowed"


def _range(least: int, most: int) -> Limit:
    return lambda number: None if least <= number <= most else f"{least} to {most} is allowed"


def _at_least(least: int) -> Limit:
    return lambda number: None if number >= least else f"{least} or more is expected"


def _matches(pattern: re.Pattern[str], expected: str) -> Limit:
    return lambda text: None if pattern.fullmatch(text) else f"{expected} are expected"


def _one_line(text: str) -> str | None:
    return "a control character is not allowed" if CONTROL_CHARACTER.search(text) else None


def _url(text: str) -> str | None:
    try:
        parts = urlsplit(text)
        good = parts.scheme.lower() in ("http", "https") and bool(parts.hostname)
    except ValueError:
        good = False
    return None if good else "an absolute http or https URL is expected"


def _path_within(text: str) -> str | None:
    """Refuse a path that is absolute, or that leaves the directory in which it lies."""
    segments = re.split(r"[/\\]", text)
    if segments[0] == "" and len(segments) > 1:
        return "a relative path is expected"
    depth = 0
    for segment in segments:
        depth += {"..": -1, ".": 0, "": 0}.get(segment, 1)
        if depth < 0:
            return "the path must not leave its directory by .."
    return None


def _container(text: str) -> str | None:
    good = CONTAINER_NAME.pattern.fullmatch(text) or text in SPECIAL_CONTAINERS
    return None if good else f"it must be {CONTAINER_NAME.description}"


def _subnet(text: str) -> str | None:
    good = arm_id(text, SUBNET) or arm_id(text, CLASSIC_SUBNET)
    return None if good else "/subscriptions/…/virtualNetworks/NETWORK/subnets/NAME is expected"


def _backend_port(port: int) -> str | None:
    return f"{port} is reserved" if port in AGENT_PORTS else _range(PORTS.start, PORTS[-1])(port)


_display_name = _length(DISPLAY_NAME_LENGTH)
_id = BATCH_ID.fault
_packages = _items(PACKAGES_PER_POOL)
_mount = {"relativeMountPath": _path_within}
_pool = {
    "displayName": _display_name,
    "applicationPackageReferences": _packages,
}

VALUE_LIMITS: Mapping[str, Mapping[str, Limit]] = {
    "AzureBlobFileSystemConfiguration": _mount,
    "AzureFileShareConfiguration": _mount,
    "BatchInboundNatPool": {
        "name": _matches(NAT_POOL_NAME, "up to 77 letters, digits, underscores, periods and hyphens"),
        "backendPort": _backend_port,
    },
    "BatchJobCreateOptions": {"displayName": _display_name},
    "BatchJobManagerTask": {"displayName": _display_name},
    "BatchJobScheduleCreateOptions": {"displayName": _display_name},
    "BatchJobSpecification": {"displayName": _display_name},
    "BatchPoolCreateOptions": _pool,
    "BatchPoolEndpointConfiguration": {"inboundNATPools": _items(INBOUND_NAT_POOLS)},
    "BatchPoolInfo": {"poolId": _id},
    "BatchPoolReplaceOptions": {"applicationPackageReferences": _packages},
    "BatchPoolSpecification": _pool,
    "BatchPoolUpdateOptions": _pool,
    "BatchTaskCreateOptions": {"displayName": _display_name},
    "CifsMountConfiguration": _mount,
    "DataDisk": {"lun": _range(0, DATA_DISKS - 1), "diskSizeGB": _at_least(1)},
    "NetworkConfiguration": {"subnetId": _subnet},
    "NetworkSecurityGroupRule": {
        "priority": _range(NETWORK_RULE_PRIORITIES.start, NETWORK_RULE_PRIORITIES[-1]),
    },
    "NfsMountConfiguration": _mount,
    "OutputFileBlobContainerDestination": {"containerUrl": _url},
    "OutputFileUploadHeader": {
        "name": _matches(HEADER_NAME, "the characters of a header's name"),
        "value": _one_line,
    },
    "ResourceFile": {
        "autoStorageContainerName": _container,
        "filePath": _path_within,
        "httpUrl": _url,
        "storageContainerUrl": _url,
    },
    "RollingUpgradePolicy": {
        "maxBatchInstancePercent": _range(LOWEST_UPGRADE_PERCENTS["max_batch_instance_percent"], 100),
        "maxUnhealthyInstancePercent": _range(LOWEST_UPGRADE_PERCENTS["max_unhealthy_instance_percent"], 100),
        "maxUnhealthyUpgradedInstancePercent": _range(
            LOWEST_UPGRADE_PERCENTS["max_unhealthy_upgraded_instance_percent"], 100
        ),
    },
    "UploadBatchServiceLogsOptions": {"containerUrl": _url},
    "UserAccount": {"name": _length(USER_ACCOUNT_NAME_LENGTH, least=1)},
}
