"""Names and ids as Azure accepts them: of Batch's objects, of accounts, and of resources of Azure Resource Manager."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class NamePattern:
    pattern: re.Pattern[str]
    description: str
    """Completes the sentence "it must be …" for people who do not read patterns."""

    def fault(self, text: str) -> str | None:
        """Return the rule as a sentence where the text breaks it."""
        return None if self.pattern.fullmatch(text) else f"it must be {self.description}"


BATCH_ID = NamePattern(
    pattern=re.compile(r"[A-Za-z0-9_-]{1,64}"), description="1 to 64 letters, digits, hyphens and underscores"
)
"""Ids of pools, jobs, tasks and applications. Source: Batch REST, Pool - Add, id."""

PACKAGE_VERSION = NamePattern(
    pattern=re.compile(r"[A-Za-z0-9_.-]{1,64}"), description="1 to 64 letters, digits, hyphens, underscores and dots"
)
"""Source: azure-rest-api Microsoft.Batch, parameter versionName."""

ACCOUNT_NAME = NamePattern(pattern=re.compile(r"[a-z0-9]{3,24}"), description="3 to 24 lower-case letters and digits")
"""Batch accounts and storage accounts. Source: azure-rest-api, parameters accountName of both."""

CONTAINER_NAME = NamePattern(
    pattern=re.compile(r"(?=.{3,63}$)[a-z0-9](-?[a-z0-9])+"),
    description="the name of a container: 3 to 63 lower-case letters, digits and single hyphens",
)
"""Source: Azure Storage, naming and referencing containers."""

RESOURCE_GROUP_NAME = NamePattern(
    pattern=re.compile(r"[\w.()-]{0,89}[\w()-]"),
    description="up to 90 letters, digits, and any of . _ - ( ), not ending in a dot",
)
"""Source: Azure Resource Manager, naming rules of resource groups."""

OBJECT_ID = NamePattern(
    pattern=re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
    description="an object id in Entra, as `az ad signed-in-user show --query id` prints one's own",
)

REGION = NamePattern(
    pattern=re.compile(r"[A-Za-z][A-Za-z0-9 ]+"),
    description="an Azure region, as `az account list-locations` names them",
)

IN_GROUP = "/subscriptions/SUBSCRIPTION/resourceGroups/GROUP"
GROUP = ""
BATCH_ACCOUNT = "/providers/Microsoft.Batch/batchAccounts/NAME"
STORAGE_ACCOUNT = "/providers/Microsoft.Storage/storageAccounts/NAME"
SUBNET = "/providers/Microsoft.Network/virtualNetworks/NETWORK/subnets/NAME"
GALLERY_IMAGE = "/providers/Microsoft.Compute/galleries/GALLERY/images/NAME"
GALLERY_VERSION = f"{GALLERY_IMAGE}/versions/VERSION"
"""The part of an ARM id that follows the resource group; capitals stand for names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmId:
    id: str
    subscription: str
    group: str
    name: str


def arm_id(id_: str, kind: str) -> ArmId | None:
    """Return the parts of an ARM id of that kind, or None for text that is no such id."""
    pattern = re.sub(r"(?<=/)[A-Z]+\b", "([^/]+)", re.escape(f"{IN_GROUP}{kind}"))
    match = re.fullmatch(pattern, id_, re.IGNORECASE)
    if match is None:
        return None
    subscription, *names = match.groups()
    return ArmId(id=id_, subscription=subscription, group=names[0], name=names[-1])


def arm_id_fault(id_: str, *kinds: str) -> str | None:
    """Return the form of the last kind as a rule where the id is of none of the kinds."""
    return None if any(arm_id(id_, kind) for kind in kinds) else f"it must be an ARM id: {IN_GROUP}{kinds[-1]}"
