"""An azure-native provider: its configuration, and what it adds to a resource's inputs."""

import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shoal.arm import ArmClient
from shoal.deploy.resources.properties import UNKNOWN
from shoal.deploy.resources.resource_type import GROUP, Autoname, ResourceType
from shoal.deploy.resources.resource_types import TYPES
from shoal.errors import WorkFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    subscription_id: str
    location: str | None

    def completed(
        self, kind: ResourceType, inputs: Mapping[str, Any], arm: ArmClient, *, name: str, former: str | None
    ) -> dict[str, Any]:
        """Return the inputs with a name and a location.

        `name` is the resource's name in the program, `former` its present name in Azure if it exists.
        """
        complete = dict(inputs)
        if kind.name_property not in complete:
            complete[kind.name_property] = former or _autoname(kind, name)
        if kind.located and "location" not in complete:
            complete["location"] = self.location or self._group_location(complete, arm)
        return complete

    def _group_location(self, inputs: Mapping[str, Any], arm: ArmClient) -> str:
        name = inputs.get("resourceGroupName", UNKNOWN)
        kind = TYPES["azure-native:resources:ResourceGroup"]
        path = GROUP.format(subscriptionId=self.subscription_id, resourceGroupName=name)
        group = None if name == UNKNOWN else arm.get(path, kind.api_version)
        return UNKNOWN if group is None else str(group["location"])


def refuse_existing(arm: ArmClient, kind: ResourceType, id_: str) -> None:
    """Raise WorkFailed if the resource exists: it would be somebody else's."""
    if kind.at_rest is None and arm.get(id_, kind.api_version) is not None:
        raise WorkFailed(f"{id_} exists already and is not this stack's; give it another name")


def delete(arm: ArmClient, kind: ResourceType, id_: str) -> None:
    """Delete a resource, or reset one that cannot be deleted. Source: azure-native does the same."""
    if kind.at_rest is None:
        arm.delete(id_, kind.api_version)
    else:
        arm.put(id_, kind.api_version, {"properties": dict(kind.at_rest)})


def _autoname(kind: ResourceType, name: str) -> str:
    match kind.autoname:
        case Autoname.RANDOM:
            return name + secrets.token_hex(4)
        case Autoname.COPY:
            return name
        case Autoname.UUID:
            return str(uuid.uuid4())
